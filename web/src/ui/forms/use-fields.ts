import { useCallback, useState } from 'react';

/** The values of a form by name, and a setter for each. */
export function useFields<T extends object>(initial: T | (() => T)) {
  const [values, setValues] = useState(initial);
  const set = useCallback(
    <K extends keyof T>(name: K) =>
      (value: T[K]) =>
        setValues((old) => ({ ...old, [name]: value })),
    [],
  );
  /** For inputs that give their event. */
  const setText = useCallback(
    (name: keyof T) => (event: { currentTarget: { value: string } }) => {
      const { value } = event.currentTarget;
      setValues((old) => ({ ...old, [name]: value }));
    },
    [],
  );

  return { values, set, setText };
}
