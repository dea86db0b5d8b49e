import i18next from 'i18next';
import { Component, type ReactNode, Suspense } from 'react';
import { showProblem } from './show-problem';

interface Props {
  /** Shown until the part has loaded, and in its place when it could not be loaded. */
  fallback?: ReactNode;
  children: ReactNode;
}

/** A part of the page that loads when it is needed. When that fails the reader may load the page again: drafts stay. */
export class LazyPart extends Component<Props, { hasFailed: boolean }> {
  override state: { hasFailed: boolean } = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override componentDidCatch(): void {
    showNotLoaded();
  }

  override render(): ReactNode {
    const { fallback = null, children } = this.props;

    return this.state.hasFailed ? fallback : <Suspense fallback={fallback}>{children}</Suspense>;
  }
}

let isShown = false;

/** Once: the parts of one build go missing together. */
function showNotLoaded(): void {
  if (isShown) return;
  isShown = true;
  showProblem(new Error(i18next.t('ui:notLoaded')), {
    label: i18next.t('ui:reload'),
    run: () => window.location.reload(),
  });
}
