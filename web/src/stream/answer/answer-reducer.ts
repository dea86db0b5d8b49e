import { endReasoning, newPart, upsert, withLastPart, withParts } from './answer-parts';
import {
  type AnswerPart,
  type AnswerState,
  type AnswerStep,
  type ChatEvent,
  hasEnded,
  NO_ANSWER,
  type ReceivedEvent,
} from './answer-state';

type EventOf<Type extends ChatEvent['type']> = Extract<ChatEvent, { type: Type }>;

/** These say what holds from now on; after a worker was lost they have numbers that were used before. */
const REPLACING: readonly string[] = ['reset', 'resync'];
/** Types of shells whose answers servers write by themselves. */
const DIRECT_SHELLS: readonly string[] = ['Chat', 'Dify'];

/**
 * Applies one event. Unknown types change nothing; an event that was applied already is ignored; the first event of
 * another answer begins a new state.
 */
export function reduceAnswer(state: AnswerState, { id, at, event }: ReceivedEvent): AnswerState {
  const { streamId, number } = parseEventId(id);
  if (streamId !== null && state.streamId !== null && streamId !== state.streamId)
    return reduceAnswer(NO_ANSWER, { id, at, event });
  const isKnown = number !== null && number <= (parseEventId(state.lastEventId).number ?? -1);
  if (isKnown && !REPLACING.includes(event.type)) return state;
  const received = {
    ...state,
    streamId: state.streamId ?? streamId,
    lastEventId: id ?? state.lastEventId,
    lastEventAt: at,
  };

  return apply(received, event, at);
}

function apply(state: AnswerState, event: ChatEvent, at: number): AnswerState {
  switch (event.type) {
    case 'queued':
      return { ...state, phase: 'queued', position: event.position };
    case 'start':
      return start(state, event, at);
    case 'content':
      return written(state, at, (content) => content + event.content);
    case 'replace':
      return written(state, at, () => event.content);
    case 'reasoning':
      return reasoned(state, event.content, at);
    case 'reset':
      return reset(state, event);
    case 'resync':
      return resync(state, event);
    case 'usage': {
      const { type: _type, ...usage } = event;

      return { ...state, usage };
    }
    case 'done':
    case 'error':
    case 'cancelled':
      return ended(state, event, at);
    default:
      return withExtra(state, event);
  }
}

function withExtra(
  state: AnswerState,
  event: EventOf<'step' | 'sources' | 'file' | 'suggestions' | 'input_required'>,
): AnswerState {
  switch (event.type) {
    case 'step': {
      const { type: _type, ...step } = event;

      return withStep(state, step);
    }
    case 'sources':
      return withLastPart(state, (part) => ({ ...part, sources: event.sources }));
    case 'file':
      return withLastPart(state, (part) => ({ ...part, files: upsert(part.files, event.file, (file) => file.id) }));
    case 'suggestions':
      return { ...state, suggestions: event.questions };
    case 'input_required':
      return withForms(
        state,
        upsert(state.forms, event.form, (form) => form.form_token),
      );
    default:
      // A type of a newer server.
      return state;
  }
}

/** The answer of a subtask begins, with no text so far; the parts before it have completed. */
function start(state: AnswerState, event: EventOf<'start'>, at: number): AnswerState {
  const before = state.parts.filter(({ subtaskId }) => subtaskId !== event.subtask_id);
  const part = { ...newPart(event.subtask_id), model: event.model, shellType: event.shell_type };
  const next = {
    ...state,
    phase: 'asking' as const,
    position: null,
    attempt: event.attempt,
    suggestions: [],
    forms: [],
    form: null,
  };

  return withParts(next, [...before.map((each) => endReasoning(each, at)), part]);
}

function written(state: AnswerState, at: number, textAfter: (content: string) => string): AnswerState {
  const next = withLastPart(state, (part) => ({ ...endReasoning(part, at), content: textAfter(part.content) }));

  return { ...next, phase: next.form ? next.phase : 'writing', position: null };
}

function reasoned(state: AnswerState, text: string, at: number): AnswerState {
  const next = withLastPart(state, (part) => ({
    ...part,
    reasoning: part.reasoning + text,
    reasoningSince: part.reasoningSince ?? at,
  }));

  return { ...next, phase: next.form ? next.phase : 'reasoning', position: null };
}

/** What was received does not count any more. It stays readable beside the answer that begins again. */
function reset(state: AnswerState, { attempt, reason }: EventOf<'reset'>): AnswerState {
  const text = textOf(state) || (state.restarted?.text ?? '');
  const { streamId, lastEventId, lastEventAt } = state;

  return { ...NO_ANSWER, phase: 'asking', streamId, lastEventId, lastEventAt, attempt, restarted: { reason, text } };
}

/** The whole text of one part, in place of all events before. */
function resync(state: AnswerState, event: EventOf<'resync'>): AnswerState {
  const subtaskId = event.subtask_id ?? state.streamId ?? 0;
  const known = state.parts.find((part) => part.subtaskId === subtaskId) ?? newPart(subtaskId);
  const part: AnswerPart = {
    ...known,
    content: event.content,
    reasoning: event.reasoning,
    reasoningSince: null,
    steps: event.steps ?? [],
    sources: event.sources ?? [],
    files: event.files ?? [],
  };
  const before = state.parts.filter((each) => each.subtaskId < subtaskId);
  const next = {
    ...state,
    ...begunAnew(state, event),
    position: null,
    suggestions: event.suggestions ?? [],
    // Even a known text of an earlier step may be that of an attempt that was lost.
    hasGap: subtaskId !== state.streamId,
  };

  return withForms(withParts(next, [...before, part]), event.forms ?? []);
}

/** A whole text that says that it is of a later attempt stands for the `reset` that did not come. */
function begunAnew(
  state: AnswerState,
  { attempt = 1 }: EventOf<'resync'>,
): Partial<Pick<AnswerState, 'attempt' | 'restarted'>> {
  if (attempt <= state.attempt) return {};
  const shellType = state.parts.at(-1)?.shellType ?? null;
  const reason = shellType === null ? 'unknown' : DIRECT_SHELLS.includes(shellType) ? 'worker_lost' : 'executor_lost';

  return { attempt, restarted: { reason, text: textOf(state) || (state.restarted?.text ?? '') } };
}

/** A form is closed as soon as its step no longer waits. */
function withStep(state: AnswerState, step: AnswerStep): AnswerState {
  const next = withLastPart(state, (part) => ({ ...part, steps: upsert(part.steps, step, (each) => each.step_id) }));
  if (step.status === 'paused') return next;
  const forms = next.forms.filter((form) => form.step_id !== step.step_id);

  return forms.length === next.forms.length ? next : withForms(next, forms);
}

function withForms(state: AnswerState, forms: AnswerState['forms']): AnswerState {
  const form = forms[0] ?? null;

  return { ...state, forms, form, position: null, phase: form ? 'input_required' : phaseOfText(state) };
}

function phaseOfText({ parts }: AnswerState): 'asking' | 'reasoning' | 'writing' {
  const part = parts.at(-1);
  if (part && part.content !== '') return 'writing';

  return part && part.reasoning !== '' ? 'reasoning' : 'asking';
}

function ended(state: AnswerState, event: EventOf<'done' | 'error' | 'cancelled'>, at: number): AnswerState {
  if (hasEnded(state)) return state;
  const parts = state.parts.map((part) => endReasoning(part, at));
  const last: AnswerState = { ...state, parts, position: null, forms: [], form: null };
  switch (event.type) {
    case 'done':
      return {
        ...last,
        phase: 'done',
        usage: event.usage ?? state.usage,
        elapsedMs: event.elapsed_ms,
        firstTokenMs: event.first_token_ms,
        finishReason: event.finish_reason,
      };
    case 'error': {
      const { type: _type, ...failure } = event;

      return { ...last, phase: 'failed', failure };
    }
    default:
      return { ...last, phase: 'cancelled', proof: event.proof };
  }
}

/** Returns the text of all parts. */
export function textOf({ parts }: Pick<AnswerState, 'parts'>): string {
  return parts
    .map(({ content }) => content)
    .filter((content) => content !== '')
    .join('\n\n');
}

function parseEventId(id: string | null): { streamId: number | null; number: number | null } {
  const match = /^(\d+)-(\d+)$/.exec(id ?? '');

  return match ? { streamId: Number(match[1]), number: Number(match[2]) } : { streamId: null, number: null };
}
