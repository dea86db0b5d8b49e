/** Forms that apps have people fill in. Pure. */
import type { InputForm } from '../common/chat-event.js';
import type { PendingForm } from '../common/dify.js';
import { asNumber, asObject, asText, type JsonObject } from '../infra/answers/json.js';
import { formStepId } from './dify.steps.js';

/** What a run needs to remember of a form. @param data of the event that asks for it */
export function pendingForm(data: JsonObject): PendingForm {
  return {
    token: asText(data['form_token']) ?? null,
    nodeId: asText(data['node_id']) ?? '',
    expiresAt: timeOf(data['expiration_time']),
  };
}

/** Whether an event tells of a form all that it takes to fill it in. */
export function isWholeForm(data: JsonObject): boolean {
  return asText(data['form_content']) !== undefined || Array.isArray(data['actions']);
}

/** A form for clients. @param data of its event, or of a reply that was asked for it */
export function inputForm(token: string, nodeId: string, data: JsonObject): InputForm {
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

/** A default that an earlier node has worked out stands beside the fields. */
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
