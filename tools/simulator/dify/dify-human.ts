// A workflow that stops until a human has filled in a form.
import { randomBytes, randomUUID } from 'node:crypto';
import { asObject, asText, type Json } from '../../shared/json.js';
import { beatsOf, type DifyCall, flowAnswer, flowLead, workflowFinished } from './dify-answers.js';
import type { DifyNodes } from './dify-nodes.js';
import type { DifyRun } from './runs/dify-run.js';
import { type DifyState, type HumanForm, keep } from './runs/dify-state.js';
import { type Beat, nowSeconds } from './dify-wire.js';

const NODE = { nodeId: 'human', type: 'human-input', title: 'Approval' };
const COMMENT = { type: 'paragraph', output_variable_name: 'comment', default: { type: 'constant', value: '' } };
const ACTIONS = [
  { id: 'approve', title: 'Approve', button_style: 'primary' },
  { id: 'reject', title: 'Reject', button_style: 'default' },
];

/** What is the same wherever a form is shown. */
const FORM = {
  form_content: 'Shall I go on?\n\n{{#$output.comment#}}',
  inputs: [COMMENT],
  resolved_default_values: { comment: '' },
};

/** The beats of a run up to its form, and what is to be done once the run exists. */
export interface Pausing {
  beats: Beat[];
  open: (run: DifyRun) => void;
}

function finishedNode(call: DifyCall, data: Json, outputs: Json): Beat {
  const end = { outputs, status: 'succeeded', error: null, elapsed_time: 1, execution_metadata: {}, files: [] };
  const wire = call.wire.flow('node_finished', { ...data, ...end, finished_at: nowSeconds() });
  return { wire, snapshot: wire };
}

/** What follows the form: the node's end, the model, the end. */
function rest(call: DifyCall, nodes: DifyNodes, data: Json, filled: Beat, outputs: Json): Beat[] {
  const { ids } = call.wire;
  const again = { id: ids.runId, workflow_id: ids.workflowId, inputs: call.inputs, created_at: ids.createdAt };
  return [
    { wire: call.wire.flow('workflow_started', { ...again, reason: 'resumption' }) },
    filled,
    finishedNode(call, data, outputs),
    ...beatsOf(flowAnswer(call, nodes, [])),
  ];
}

function filledBeat(call: DifyCall, form: HumanForm): Beat {
  const action = form.submitted?.action ?? '';
  const title = ACTIONS.find(({ id }) => id === action)?.title ?? action;
  const content = `Shall I go on?\n\n${asText(form.submitted?.inputs['comment'])}`;
  const data = { node_id: NODE.nodeId, node_title: NODE.title, rendered_content: content, action_id: action };
  const more = { action_text: title, submitted_data: form.submitted?.inputs ?? {} };
  return { wire: call.wire.flow('human_input_form_filled', { ...data, ...more }) };
}

function timeoutBeat(call: DifyCall, form: HumanForm): Beat {
  const data = { node_id: NODE.nodeId, node_title: NODE.title, expiration_time: form.expiresAt };
  return { wire: call.wire.flow('human_input_form_timeout', data) };
}

function requiredData(call: DifyCall, id: string, token: string, expiresAt: number): Json {
  const facts = { form_id: id, node_id: NODE.nodeId, node_title: NODE.title, expiration_time: expiresAt };
  const shown = call.script.case === 'human-input-mail' ? null : token;
  if (call.script.case === 'human-input-bare') return { ...facts, form_token: shown };
  return { ...facts, form_token: shown, ...FORM, actions: ACTIONS, display_in_ui: true };
}

/** A run that waits at a form: `form_seconds` at most, then it goes on without an answer. */
export function pausing(state: DifyState, call: DifyCall, nodes: DifyNodes): Pausing {
  const lead = flowLead(call, nodes);
  const { started, data } = nodes.pair(NODE);
  const [id, token] = [randomUUID(), randomBytes(16).toString('base64url')];
  const expiresAt = Math.ceil(Date.now() / 1000 + call.script.formSeconds);
  const required = requiredData(call, id, token, expiresAt);
  const asks = call.wire.flow('human_input_required', required);
  const reasons = [{ TYPE: 'human_input_required', ...required }];
  const { runId, createdAt } = call.wire.ids;
  const times = { created_at: createdAt, elapsed_time: 0.5, total_tokens: 0, total_steps: 2 };
  const facts = { workflow_run_id: runId, paused_nodes: [NODE.nodeId], outputs: {}, reasons, status: 'paused' };
  const paused = call.wire.flow('workflow_paused', { ...facts, ...times });
  const beats: Beat[] = [...lead, started, { wire: asks, snapshot: asks }, { wire: paused, act: 'pause' }];
  const open = (run: DifyRun): void => {
    const form: HumanForm = { id, token, expiresAt, state: 'open', run, resume: () => undefined };
    form.resume = () => {
      const given = form.state === 'submitted';
      const outputs: Json = given ? { __action_id: form.submitted?.action, ...form.submitted?.inputs } : {};
      run.resume(rest(call, nodes, data, given ? filledBeat(call, form) : timeoutBeat(call, form), outputs));
    };
    keep(state.forms, token, form);
    expireLater(form, call.script.formSeconds * 1000);
  };
  return { beats, open };
}

function expireLater(form: HumanForm, ms: number): void {
  const timer = setTimeout(() => {
    if (form.state !== 'open') return;
    form.state = 'expired';
    form.resume();
  }, ms);
  timer.unref();
}

/** `GET /form/human_input/{token}` */
export function formJson(form: HumanForm): Json {
  return { ...FORM, user_actions: ACTIONS, expiration_time: form.expiresAt };
}

/** Takes what a human filled in. @returns why not, if so */
export function submitForm(form: HumanForm, body: Json): string | undefined {
  const action = asText(body['action']);
  if (!ACTIONS.some(({ id }) => id === action)) return `Invalid action: ${action}`;
  const inputs = asObject(body['inputs']);
  if (typeof inputs['comment'] !== 'string') return 'Missing required inputs: comment';
  form.state = 'submitted';
  form.submitted = { action, inputs };
  form.resume();
  return undefined;
}

/** A pause that no form explains. */
export function plainPause(call: DifyCall, nodes: DifyNodes): Beat[] {
  const facts = { workflow_run_id: call.wire.ids.runId, paused_nodes: ['code-1'], outputs: {}, reasons: [] };
  const times = { created_at: nowSeconds(), elapsed_time: 0.5, total_tokens: 0, total_steps: 2 };
  const paused = call.wire.flow('workflow_paused', { ...facts, status: 'paused', ...times });
  return [...flowLead(call, nodes), { wire: paused, act: 'pause' }];
}

/** What a stopped run says. */
export function stoppedFlow(call: DifyCall): Beat {
  return workflowFinished(call, 'stopped', null, { error: 'Stopped by user.' });
}
