import { Component, type ReactNode } from 'react';
import classes from './markdown.module.css';

interface Props {
  text: string;
  children: ReactNode;
}

/** Shows a block as plain text where its markdown cannot be shown. */
export class BlockBoundary extends Component<Props, { hasFailed: boolean }> {
  override state: { hasFailed: boolean } = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    const { text, children } = this.props;

    return this.state.hasFailed ? <div className={classes['plain']}>{text}</div> : children;
  }
}
