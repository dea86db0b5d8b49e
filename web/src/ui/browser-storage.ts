/** Values that the browser keeps as JSON. Storage may be blocked or full: then they last as long as the page. */

/** @returns what is kept under a name; null when there is nothing, or it is damaged */
export function readStored(name: string, storage: () => Storage = () => localStorage): unknown {
  try {
    return JSON.parse(storage().getItem(name) ?? 'null');
  } catch {
    return null;
  }
}

export function writeStored(name: string, value: unknown, storage: () => Storage = () => localStorage): void {
  try {
    storage().setItem(name, JSON.stringify(value));
  } catch {
    // Blocked or full.
  }
}

/** The names under which something is kept. */
export function storedNames(): string[] {
  try {
    return Object.keys(localStorage);
  } catch {
    return [];
  }
}

export function removeStored(name: string): void {
  try {
    localStorage.removeItem(name);
  } catch {
    // Blocked.
  }
}
