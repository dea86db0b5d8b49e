/** Forms of apps that people fill in, and how long runs wait for them. */
import type { InputForm } from '../../common/contracts/chat-event.js';
import type { DifyConnection, DifyRun, PendingForm } from '../../common/contracts/dify.js';
import type { EventBatch } from '../../infra/provider-stream/event-batch.js';
import { asNumber, asObject, asText, type JsonObject } from '../../common/text/json.js';
import type { DifyClient } from '../client/dify.client.js';
import { type DifySteps, formStepId } from './dify.steps.js';

const IN_VAIN = 'Nobody answered in time';

/** The forms of one run, read from its events. */
export class DifyForms {
  /** Forms whose events had a token only. */
  readonly bare: JsonObject[] = [];
  /** Closed forms, which a replay shows as open. */
  private readonly closed = new Set<string>();

  constructor(
    private readonly run: DifyRun,
    private readonly steps: DifySteps,
  ) {}

  /** Opens a form. One without a token is filled in elsewhere. */
  require(part: JsonObject, batch: EventBatch): void {
    const form = pendingForm(part);
    const { run } = this;
    if (this.closed.has(keyOf(form)) || (form.token !== null && run.answered?.includes(form.token))) return;
    run.forms = [...(run.forms ?? []).filter(({ nodeId }) => nodeId !== form.nodeId), form];
    this.steps.form(part, 'paused', {}, batch);
    if (form.token === null) return;
    if (isWhole(part)) batch.add({ type: 'input_required', form: inputForm(form.token, form.nodeId, part) });
    else this.bare.push(part);
  }

  /** Ends a form that was filled in or has expired. */
  over(filled: boolean, part: JsonObject, batch: EventBatch): void {
    const action = asText(part['action_text']) ?? asText(part['action_id']);
    const content = asText(part['rendered_content']);
    const detail = { ...(action !== undefined && { action }), ...(content !== undefined && { content }) };
    this.steps.form(part, filled ? 'succeeded' : 'failed', filled ? { detail } : { error: IN_VAIN }, batch);
    const nodeId = asText(part['node_id']) ?? '';
    const { forms = [] } = this.run;
    for (const form of forms) if (form.nodeId === nodeId) this.closed.add(keyOf(form));
    this.run.forms = forms.filter((form) => form.nodeId !== nodeId);
  }

  /** Ends the steps of all forms when the run continues: a replay does not contain their ends. */
  close(batch: EventBatch, now = Date.now()): void {
    const { forms = [], answered = [] } = this.run;
    for (const form of forms) {
      const { nodeId, token, expiresAt } = form;
      this.closed.add(keyOf(form));
      const inVain = expiresAt !== null && now >= expiresAt && !(token !== null && answered.includes(token));
      const more = inVain ? { error: IN_VAIN } : {};
      this.steps.form({ node_id: nodeId }, inVain ? 'failed' : 'succeeded', more, batch);
    }
  }
}

/** Fetches the forms whose events had a token only. */
export function completeForms(
  bare: readonly JsonObject[],
  client: DifyClient,
  connection: DifyConnection,
): Promise<InputForm[]> {
  return Promise.all(
    bare.map(async (part) => {
      const token = asText(part['form_token']) ?? '';
      const form = await client.form(connection, token);

      return inputForm(token, asText(part['node_id']) ?? '', { ...form, ...part });
    }),
  );
}

/** Identifies one request of a form: in a loop its node requests it again. */
const keyOf = ({ nodeId, token, expiresAt }: PendingForm): string => JSON.stringify([nodeId, token, expiresAt]);

/** The part of a form that is stored with the run. */
function pendingForm(part: JsonObject): PendingForm {
  return {
    token: asText(part['form_token']) ?? null,
    nodeId: asText(part['node_id']) ?? '',
    expiresAt: timeOf(part['expiration_time']),
  };
}

function isWhole(part: JsonObject): boolean {
  return asText(part['form_content']) !== undefined || Array.isArray(part['actions']);
}

/** A form for clients. @param data of its event, or of a reply that was asked for it */
function inputForm(token: string, nodeId: string, data: JsonObject): InputForm {
  const expiresAt = timeOf(data['expiration_time']);
  const defaults = asObject(data['resolved_default_values']) ?? {};

  return {
    form_token: token,
    title: asText(data['node_title']) ?? '',
    content: asText(data['form_content']) ?? '',
    inputs: objects(data['inputs']).map((input) => withDefault(input, defaults)),
    actions: objects(data['actions'] ?? data['user_actions']).map((action) => ({
      id: asText(action['id']) ?? '',
      title: asText(action['title']) ?? asText(action['id']) ?? '',
      style: asText(action['button_style']) ?? 'default',
    })),
    expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString(),
    step_id: formStepId(nodeId),
  };
}

/** Adds the default that an earlier node has computed. */
function withDefault(input: JsonObject, defaults: JsonObject): JsonObject {
  const name = asText(input['output_variable_name']) ?? '';

  return name in defaults ? { ...input, default_value: defaults[name] } : input;
}

function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.map(asObject).filter((item) => item !== undefined) : [];
}

/** Dify counts seconds. */
function timeOf(value: unknown): number | null {
  const seconds = asNumber(value);

  return seconds === undefined ? null : seconds * 1000;
}

/** Pauses between checks whether a form was answered elsewhere; they grow with the time. */
const CHECK_MS = { first: 2_000, last: 30_000 };
/** What Dify may need to notice that a form has expired. */
const EXPIRY_GRACE_MS = 60_000;

/** Whether all forms of a run were answered here. */
export function isAnswered({ forms = [], answered = [] }: DifyRun): boolean {
  return forms.length > 0 && forms.every(({ token }) => token !== null && answered.includes(token));
}

/** Whether the time for an answer is over, by Conch's own limit or by the form's. */
export function hasWaitedTooLong(run: DifyRun, limitMs: number, now = Date.now()): boolean {
  return now >= (run.pausedAt ?? now) + limitMs || now >= expiryOf(run) + EXPIRY_GRACE_MS;
}

/** When to check the run again at the latest. */
export function nextCheckAt(run: DifyRun, limitMs: number, now = Date.now()): number {
  const since = run.pausedAt ?? now;
  const wait = Math.min(Math.max((now - since) / 2, CHECK_MS.first), CHECK_MS.last);
  const ends = [since + limitMs, expiryOf(run) + 1_000].filter((end) => end > now);

  return Math.min(now + wait, ...ends);
}

/** When the last of its forms expires. */
function expiryOf({ forms = [] }: DifyRun): number {
  return Math.max(...forms.map(({ expiresAt }) => expiresAt ?? Infinity), 0) || Infinity;
}
