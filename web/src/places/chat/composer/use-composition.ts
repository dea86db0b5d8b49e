import { type KeyboardEvent, useMemo, useRef } from 'react';

/** Safari sends the key that ended a composition so many ms after its end. */
const SAFARI_KEY_MS = 40;
/** What browsers say of keys that an input method has handled. */
const INPUT_METHOD_KEY = 229;

/** Tells keys that belong to an input method, for Chinese or Japanese, from those that are meant for the page. */
export function useComposition() {
  const endedAt = useRef(0);

  return useMemo(
    () => ({
      handlers: {
        onCompositionEnd: () => {
          endedAt.current = performance.now();
        },
      },
      /** Whether Enter chooses a word, and does not send. */
      isComposing: ({ nativeEvent }: KeyboardEvent): boolean =>
        nativeEvent.isComposing ||
        Reflect.get(nativeEvent, 'keyCode') === INPUT_METHOD_KEY ||
        performance.now() - endedAt.current < SAFARI_KEY_MS,
    }),
    [],
  );
}
