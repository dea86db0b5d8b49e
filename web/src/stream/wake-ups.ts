import { session } from '../api/session';

/** `stale`: what was open may be dead without a sign; `quick`: trying again may work now. */
export type WakeUp = 'stale' | 'quick';

/**
 * Calls a listener when a page that slept, was hidden or was offline is back, when the network goes away, and when the
 * reader has logged in again.
 * @returns a function that ends it
 */
export function onWakeUp(listener: (wakeUp: WakeUp) => void): () => void {
  const onVisible = () => {
    if (isVisible()) listener('quick');
  };
  const onShown = (event: PageTransitionEvent) => listener(event.persisted ? 'stale' : 'quick');
  const onNetwork = () => listener('stale');
  const unsubscribe = session.subscribe(() => {
    if (!session.isExpired()) listener('quick');
  });
  document.addEventListener('visibilitychange', onVisible);
  window.addEventListener('pageshow', onShown);
  window.addEventListener('online', onNetwork);
  window.addEventListener('offline', onNetwork);

  return () => {
    unsubscribe();
    document.removeEventListener('visibilitychange', onVisible);
    window.removeEventListener('pageshow', onShown);
    window.removeEventListener('online', onNetwork);
    window.removeEventListener('offline', onNetwork);
  };
}

/** Whether the browser has a network at all. */
export const isOnline = (): boolean => navigator.onLine;

/** Whether this tab is in front. */
export const isVisible = (): boolean => document.visibilityState === 'visible';
