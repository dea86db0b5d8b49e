import type { KeyboardEvent } from 'react';
import { useComposition } from './use-composition';
import type { Submit } from './use-submit';

/** Enter sends, Shift+Enter breaks, ArrowUp in an empty composer changes the last question. */
export function useComposerKeys(submit: Submit) {
  const { handlers, isComposing } = useComposition();

  return {
    ...handlers,
    onKeyDown: (event: KeyboardEvent<HTMLTextAreaElement>) => {
      if (isComposing(event)) return;
      if (event.key === 'Enter' && !event.shiftKey) {
        event.preventDefault();
        void submit.submit();
      }
      if (event.key === 'ArrowUp' && submit.draft.text === '' && editLastQuestion()) event.preventDefault();
    },
  };
}

/** Presses the button of the newest question, if it is there and may be pressed. */
function editLastQuestion(): boolean {
  const button = [...document.querySelectorAll<HTMLButtonElement>('[data-edit-question]')].at(-1);
  if (!button || button.disabled) return false;
  button.click();

  return true;
}
