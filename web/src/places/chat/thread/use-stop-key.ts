import { useEffect } from 'react';
import { useAnswerStatus } from './live-answer';

/** Esc stops the answer, unless it closes something that is open. */
export function useStopKey(): void {
  const { isRunning, phase, stop } = useAnswerStatus();
  useEffect(() => {
    if (!isRunning || phase === 'stopping') return undefined;
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing || isOverlay(event.target)) return;
      void stop();
    };
    document.addEventListener('keydown', onKey);

    return () => document.removeEventListener('keydown', onKey);
  }, [isRunning, phase, stop]);
}

/** Dialogs, menus and lists of choices close by Esc themselves. */
const isOverlay = (target: EventTarget | null) =>
  document.querySelector('[role="dialog"], [role="menu"]') !== null ||
  (target instanceof HTMLElement && target.getAttribute('aria-expanded') === 'true');
