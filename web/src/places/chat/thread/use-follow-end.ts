import { useCallback, useEffect, useRef, useState } from 'react';

/** So near the end counts as the end. */
const NEAR_PX = 8;
const UPWARD_KEYS = new Set(['PageUp', 'ArrowUp', 'Home']);

/**
 * Keeps the end in view while the content grows, at once and without motion. It lets go at the first move upwards, by
 * wheel, finger, key, scrollbar or selection, and follows again when the reader comes back to the end.
 */
export function useFollowEnd(isAtFirst: boolean) {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const following = useRef(isAtFirst);
  const [isFollowing, setFollowing] = useState(isAtFirst);
  const follow = useCallback((value: boolean) => {
    following.current = value;
    setFollowing(value);
  }, []);
  const jump = useCallback(() => {
    follow(true);
    toEnd(scroller.current);
  }, [follow]);

  useEffect(() => {
    const element = scroller.current;
    if (!element || !content.current) return undefined;
    const watch = new ResizeObserver(() => {
      // A new turn is as high as the view, so that its question can stand at the top.
      element.style.setProperty('--view', `${element.clientHeight}px`);
      if (following.current) toEnd(element);
    });
    watch.observe(content.current);
    watch.observe(element);
    const stop = listen(element, follow);

    return () => {
      watch.disconnect();
      stop();
    };
  }, [follow]);

  return { scroller, content, isFollowing, jump, following };
}

const toEnd = (element: HTMLElement | null) => element?.scrollTo({ top: element.scrollHeight, behavior: 'instant' });

/** Watches what the reader does; what the page itself scrolls does not count. */
function listen(element: HTMLElement, follow: (value: boolean) => void): () => void {
  const ended = new AbortController();
  const options = { passive: true, signal: ended.signal };
  let last = element.scrollTop;
  let touchY = 0;
  let isDragging = false;
  const release = () => follow(false);

  element.addEventListener('wheel', ({ deltaY }) => deltaY < 0 && release(), options);
  element.addEventListener('touchstart', ({ touches }) => (touchY = touches[0]?.clientY ?? 0), options);
  element.addEventListener('touchmove', ({ touches }) => (touches[0]?.clientY ?? 0) > touchY && release(), options);
  element.addEventListener(
    'keydown',
    ({ key, target }) => UPWARD_KEYS.has(key) && !isTyping(target) && release(),
    options,
  );
  // The scrollbar belongs to the element itself.
  element.addEventListener('pointerdown', ({ target }) => (isDragging = target === element), options);
  window.addEventListener('pointerup', () => (isDragging = false), options);
  document.addEventListener('selectionchange', () => isSelecting(element) && release(), options);
  element.addEventListener(
    'scroll',
    () => {
      const top = element.scrollTop;
      if (top < last && isDragging) release();
      if (top > last && element.scrollHeight - top - element.clientHeight <= NEAR_PX && !isSelecting(element))
        follow(true);
      last = top;
    },
    options,
  );

  return () => ended.abort();
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement;

function isSelecting(element: HTMLElement): boolean {
  const selection = document.getSelection();

  return selection !== null && !selection.isCollapsed && element.contains(selection.anchorNode);
}
