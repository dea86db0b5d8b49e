import type { ChatEvent, Extras, Step, StepEvent, StepStatus } from '../../common/chat-event.js';

/** Steps that are kept of one answer; of a loop without end the newest are the ones to look at. */
const MAX_STEPS = 500;

/** What an answer has besides its text; what is missing is none. */
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

/** The extras that a `resync` event brings. */
export function extrasOf({ steps, sources, files, suggestions, forms }: AnswerExtras): AnswerExtras {
  return {
    ...(steps && { steps }),
    ...(sources && { sources }),
    ...(files && { files }),
    ...(suggestions && { suggestions }),
    ...(forms && { forms }),
  };
}

/** Ends the steps of which no end was heard. What waits for a person still does when the answer is whole without it. */
export function endedSteps({ steps = [] }: AnswerExtras, status: StepStatus): StepEvent[] {
  const isLeft = (step: Step) =>
    step.status === 'running' || step.status === 'retrying' || (step.status === 'paused' && status !== 'succeeded');

  return steps.filter(isLeft).map((step) => ({ type: 'step', ...step, status }));
}

/** A form is closed by its step, which then waits no more. */
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
