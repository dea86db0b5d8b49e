import { useSyncExternalStore } from 'react';
import { readStored, writeStored } from './browser-storage';

/** What the reader prefers on this device. */
export interface Preferences {
  /** A new question scrolls to the top of the view, so that its answer has room; otherwise the view follows the end. */
  isQuestionOnTop: boolean;
  /** The browser tells when an answer ends while the page is in the background. */
  hasNotifications: boolean;
}

const KEY = 'conch-preferences';
const DEFAULTS: Preferences = { isQuestionOnTop: true, hasNotifications: false };
const listeners = new Set<() => void>();
let current = read();

function read(): Preferences {
  return { ...DEFAULTS, ...(readStored(KEY) as Partial<Preferences> | null) };
}

export const preferences = (): Preferences => current;

/** Changes preferences, on all open pages of this browser. */
export function setPreferences(changes: Partial<Preferences>): void {
  current = { ...current, ...changes };
  writeStored(KEY, current);
  for (const listener of listeners) listener();
}

window.addEventListener('storage', ({ key }) => {
  if (key !== KEY) return;
  current = read();
  for (const listener of listeners) listener();
});

function subscribe(listener: () => void): () => void {
  listeners.add(listener);

  return () => listeners.delete(listener);
}

export const usePreferences = (): Preferences => useSyncExternalStore(subscribe, preferences);
