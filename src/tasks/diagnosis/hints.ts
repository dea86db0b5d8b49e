/** The sentences of diagnoses: each has a code for programs and translations, values, and an English text. Pure. */

/** The values that sentences name. Spans of time end with `_seconds`. */
export interface HintValues {
  status: string;
  /** Words of a provider, of an executor, or of this server. */
  reason: string;
  task_id: number;
  /** Process (host:pid) or executor. */
  owner: string;
  /** How many are before it in its queue. */
  ahead: number;
  /** How many run at a time. */
  limit: number;
  attempt: number;
  max_attempts: number;
  attempts_left: number;
  form_tokens: string;
  /** What an executor manager does before the executor works, in its own words. */
  stage: string;
  /** How long it has been so. */
  since_seconds: number;
  /** In how long something happens, at the latest. */
  within_seconds: number;
}

/** The English texts by code. The page has its own ones in `diagnosis.json` of each language: its spec compares them. */
export const HINTS = {
  ended: 'It has ended ({status})',
  failed: 'It has ended (FAILED)',
  failed_because: 'It has ended (FAILED): {reason}',
  can_retry: 'POST /api/tasks/{task_id}/retry runs the failed turn again',
  end_follows: 'Its answers have ended; its own end follows',
  stores_away: 'Redis or the database does not answer: who runs it is not known; it goes on when they are back',

  not_started:
    'No client has started this answer for {since_seconds}: POST /api/direct-chat/{task_id}/stream starts it',
  begins_later: 'It begins by itself in {within_seconds}',
  begins_soon: 'It begins by itself as soon as there is room for it',

  cancelling: 'It is being cancelled; {within_seconds} after the request it is ended without its run',
  cancelled_not_stopped:
    'Cancelled {since_seconds} ago; not stopped yet; at the latest in {within_seconds} it is ended without its run',

  run_unknown: 'No queue knows its run; it is found and started again within {within_seconds}',
  queued: 'It waits for a free place',
  queued_behind: 'It waits for a free place: {ahead} before it, {limit} run at a time',
  worker_lost: 'Its worker is lost; another one takes it within {within_seconds}',
  worker_lost_named: 'Its worker ({owner}) is lost; another one takes it within {within_seconds}',
  worker_claimed: 'A worker has just taken it',
  runs_here: 'It runs in the process that answers here ({owner})',
  runs_elsewhere: 'It runs in another process ({owner})',
  stores_failed: 'A part of the service (database or Redis) failed under it; it is tried again within {within_seconds}',
  model_not_begun:
    'The model has not begun to answer for {since_seconds}; in {within_seconds} it is given up, and the answer fails',
  model_silent:
    'The model has been silent for {since_seconds}; in {within_seconds} it is given up, and the answer fails',
  app_silent: 'The app has told nothing for {since_seconds}',
  form_waits: 'The app waits for a person since {since_seconds}: POST /input with form_token {form_tokens}',
  form_waits_at_dify: 'The app waits for a person since {since_seconds}: it is to be answered at Dify',
  occupies_no_place: 'It takes no place in the meantime',

  step_before: 'It waits for the step before it',
  unclaimed: 'No executor has fetched it yet; it waits since {since_seconds}',
  unclaimed_behind: 'No executor has fetched it yet; it waits since {since_seconds}, {ahead} before it',
  check_manager:
    'Either no executor manager asks for work, or it has as many containers as it may have: idle ones are deleted after EXECUTOR_IDLE_CHAT_HOURS and EXECUTOR_IDLE_CODE_HOURS',
  workspace_kept:
    'The files of its earlier turns are with {owner}: the manager of that executor gets it, another one when that is away',
  offered_again:
    'Its executor was lost; it is offered again since {since_seconds}, attempt {attempt} of {max_attempts}',
  offered_again_named:
    'Its executor {owner} was not heard of; it is offered again since {since_seconds}, attempt {attempt} of {max_attempts}, to the same executor if it lives. Its answer still counts',
  executor_stage: '{stage}',
  handed_out: 'Executor {owner} has it, attempt {attempt} of {max_attempts}',
  handed_out_unnamed: 'An executor that has not told its name yet has it, attempt {attempt} of {max_attempts}',
  lease_with_heartbeats: 'Unless it is heard of within {within_seconds} it counts as lost',
  lease_without_heartbeats:
    'It sends no heartbeats, so it counts as lost after {within_seconds} of silence, or when its manager says that its container is gone',
  executor_lost_cancel_ends: 'Its executor was not heard of for {since_seconds} and counts as lost; the cancel ends it',
  executor_lost_again:
    'Its executor was not heard of for {since_seconds} and counts as lost; it is offered again within seconds, {attempts_left} attempt(s) left',
  executor_lost_last:
    'Its executor was not heard of for {since_seconds} and counts as lost, for the last time: it ends with executor_lost, unless its answer still comes',
  cancel_acknowledged: 'The executor manager has acknowledged the cancel; the executor has not reported its end yet',
  cancel_starting:
    'Its container is being started, and cannot be cancelled before it runs: the executor manager is asked again',
  cancel_unacknowledged: 'The executor manager has not acknowledged the cancel yet; it is asked again',
  presumed_failed: 'No executor has reported this end: one that still completes the work repairs the task',
  presumed_cancelled: 'No executor has confirmed this end: one that still reports is stopped and deleted',
} as const satisfies Record<string, string>;

export type HintCode = keyof typeof HINTS;

/** The names in the braces of a text. */
type NamesIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Extract<Name, keyof HintValues> | NamesIn<Rest>
  : never;

export interface Hint {
  code: HintCode;
  params: Partial<HintValues>;
}

/** A sentence with the values that it names. */
export function hint<Code extends HintCode>(code: Code, params: Pick<HintValues, NamesIn<(typeof HINTS)[Code]>>): Hint {
  return { code, params };
}

/** Whole seconds of a span of milliseconds; 0 for one that is over. */
export const secondsOf = (ms: number): number => Math.max(0, Math.round(ms / 1000));

/** The English text of a sentence. */
export function textOf({ code, params }: Hint): string {
  const values: Record<string, string | number | undefined> = params;

  return HINTS[code].replace(/\{(\w+)\}/g, (_match, name: string) => shown(name, values[name]));
}

/** A value for people; spans as `4 s`, `3 min`. */
function shown(name: string, value: string | number | undefined): string {
  if (typeof value !== 'number' || !name.endsWith('_seconds')) return String(value);

  return value < 120 ? `${value} s` : `${Math.round(value / 60)} min`;
}
