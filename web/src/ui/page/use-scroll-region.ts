import { useEffect, useState } from 'react';

/**
 * What a box around a wide table needs to be scrolled with the keyboard: focus and a name, as long as it scrolls. One
 * whose table fits is no stop of the Tab key.
 * @param label its name for screen readers
 */
export function useScrollRegion(label: string) {
  const [box, ref] = useState<HTMLElement | null>(null);
  const [scrolls, setScrolls] = useState(false);

  useEffect(() => {
    if (!box) return undefined;
    const observer = new ResizeObserver(() => setScrolls(box.scrollWidth > box.clientWidth));
    for (const each of [box, box.querySelector('table')]) if (each) observer.observe(each);

    return () => observer.disconnect();
  }, [box]);

  return scrolls ? { ref, tabIndex: 0, role: 'group', 'aria-label': label } : { ref };
}
