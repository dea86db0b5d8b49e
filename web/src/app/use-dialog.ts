import { useRef, useState } from 'react';

/** Which dialog is open, if any; when it closes, the focus is where it was before. */
export function useDialog<Name extends string>() {
  const [name, setName] = useState<Name | null>(null);
  const before = useRef<Element | null>(null);

  return {
    name,
    open: (next: Name) => {
      if (name === null) before.current = document.activeElement;
      setName(next);
    },
    close: () => {
      setName(null);
      const { current } = before;
      // After the dialog, which keeps the focus, has gone.
      setTimeout(() => {
        if (current instanceof HTMLElement && document.activeElement === document.body) current.focus();
      });
    },
  };
}
