import { useEffect, useState } from 'react';

/** Gives the focus back to where it was, when a dialog that is shown only while it is open has gone. */
export function useReturnFocus(): void {
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      // After the dialog, which keeps the focus.
      setTimeout(() => {
        if (before instanceof HTMLElement && document.activeElement === document.body) before.focus();
      });
    },
    [before],
  );
}
