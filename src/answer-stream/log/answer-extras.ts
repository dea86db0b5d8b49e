import type { ChatEvent, Extras, Step, StepEvent, StepStatus } from '../../common/contracts/chat-event.js';

/** Steps that are kept of one answer: the newest ones. */
export const MAX_STEPS = 500;

/** Parts of an answer besides its text; a missing one is empty. */
export type AnswerExtras = Readonly<Partial<Extras>>;

/** Applies an event, as a client does. The same object when it changes nothing. */
export function withExtra(extras: AnswerExtras, event: ChatEvent): AnswerExtras {
  switch (event.type) {
    case 'step': {
      const { type: _type, ...step } = event;

      return withStep(extras, step);
    }
    case 'sources':
      return { ...extras, sources: event.sources };
    case 'file':
      return { ...extras, files: upsert(extras.files, event.file, ({ id }) => id) };
    case 'suggestions':
      return { ...extras, suggestions: event.questions };
    case 'input_required':
      return { ...extras, forms: upsert(extras.forms, event.form, (form) => form.form_token) };
    default:
      return extras;
  }
}

/** Returns only the extras of an object, for instance of a `resync` event. */
export function extrasOf({ steps, sources, files, suggestions, forms }: AnswerExtras): AnswerExtras {
  return {
    ...(steps && { steps }),
    ...(sources && { sources }),
    ...(files && { files }),
    ...(suggestions && { suggestions }),
    ...(forms && { forms }),
  };
}

/** Returns events that end the unfinished steps. A step that waits for a person stays paused in a completed answer. */
export function endedSteps({ steps = [] }: AnswerExtras, status: StepStatus): StepEvent[] {
  const isLeft = (step: Step) =>
    step.status === 'running' || step.status === 'retrying' || (step.status === 'paused' && status !== 'succeeded');

  return steps.filter(isLeft).map((step) => ({ type: 'step', ...step, status }));
}

/** Adds or replaces a step, and closes its form when it waits no longer. */
function withStep(extras: AnswerExtras, step: Step): AnswerExtras {
  const steps = upsert(extras.steps, step, ({ step_id: id }) => id).slice(-MAX_STEPS);
  if (!extras.forms || step.status === 'paused') return { ...extras, steps };
  const { forms, ...rest } = extras;
  const open = forms.filter((form) => form.step_id !== step.step_id);

  return { ...rest, steps, ...(open.length > 0 && { forms: open }) };
}

function upsert<T>(items: readonly T[] | undefined, item: T, idOf: (item: T) => string): T[] {
  const id = idOf(item);
  const place = items?.findIndex((each) => idOf(each) === id) ?? -1;
  if (!items || place < 0) return [...(items ?? []), item];

  return items.with(place, item);
}
