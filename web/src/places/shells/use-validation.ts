import { useEffect, useState } from 'react';
import { followValidation, type Validation } from './validation-stream';

interface Followed {
  id: string;
  validation: Validation | null;
  error: unknown;
}

/** A validation, live; null while there is none to follow. */
export function useValidation(id: string | null): { validation: Validation | null; error: unknown } {
  const [followed, setFollowed] = useState<Followed | null>(null);
  useEffect(() => {
    if (id === null) return undefined;
    const ended = new AbortController();
    void follow(id, ended.signal, setFollowed);

    return () => ended.abort();
  }, [id]);

  return followed !== null && followed.id === id ? followed : { validation: null, error: null };
}

async function follow(id: string, signal: AbortSignal, show: (followed: Followed) => void): Promise<void> {
  try {
    for await (const validation of followValidation(id, signal)) show({ id, validation, error: null });
  } catch (error) {
    if (!signal.aborted) show({ id, validation: null, error });
  }
}
