import { useEffect, useState } from 'react';

/** The time in milliseconds, renewed each `interval` ms; null stops it. */
export function useNow(interval: number | null): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (interval === null) return undefined;
    const timer = setInterval(() => setNow(Date.now()), interval);

    return () => clearInterval(timer);
  }, [interval]);

  return now;
}
