// The routes about a run that goes on: stop it, read it, listen to it.
import { asObject, type Json } from '../../../shared/json.js';
import { type DifyApp, isApp, isFlow } from '../dify-apps.js';
import { DifyReader } from '../dify-reader.js';
import { checkMode, difyError, DifyProblem, userOf } from '../dify-request.js';
import type { DifyRun } from './dify-run.js';
import type { DifyScript } from '../dify-script.js';
import { DIFY_PING, nowSeconds } from '../dify-wire.js';
import { countStream, jsonReply, pause, send } from '../../deliver.js';
import type { Exchange, Reply } from '../../exchange.js';

/** Sends the headers of a stream, and waits as the script says. */
export async function openStream(x: Exchange, script: DifyScript): Promise<void> {
  send(x, 200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  x.res.flushHeaders();
  await pause(x, script.delay);
}

/** What a run came to when its case kept `workflow_finished` to itself. */
function guessedResult({ plan, status, text, active }: DifyRun): Json {
  const outputs = plan.wire.mode === 'workflow' ? { text } : { answer: text };
  const none = { outputs: null, total_tokens: 0, total_steps: 0 };
  if (active) return { ...none, error: null };
  return status === 'failed' ? { ...none, error: 'Node LLM run failed' } : { ...none, outputs, error: null };
}

/** The row of a run. */
export function runJson(run: DifyRun): Json {
  const { plan, status, elapsed } = run;
  const { ids } = plan.wire;
  const result = run.result ?? guessedResult(run);
  return {
    id: ids.runId,
    workflow_id: ids.workflowId,
    status,
    inputs: JSON.stringify(plan.inputs),
    outputs: result['outputs'],
    error: result['error'],
    elapsed_time: elapsed,
    total_tokens: result['total_tokens'],
    total_steps: result['total_steps'],
    created_at: ids.createdAt,
    finished_at: run.active ? null : nowSeconds(),
  };
}

/** The `…/stop` routes: they always say success, and take a second to have an effect. */
export function stopRun(x: Exchange, app: DifyApp, route: string, taskId: string): Reply {
  checkMode(app, route);
  const user = userOf(asObject(x.request.body)['user']);
  const { dify } = x.state;
  dify.counters.stops += 1;
  const run = dify.runs.get(taskId);
  // The stop of workflows does not look at the user.
  if (run?.plan.app.key === app.key && (route === 'workflows' || run.plan.user === user)) {
    const { script } = run.plan;
    run.stops += 1;
    const fails = script.case === 'stop-fails' || (script.case === 'stop-fails-once' && run.stops === 1);
    if (fails) return difyError(500, 'internal_server_error', 'Internal Server Error');
    if (script.case !== 'stop-ignored' && script.case !== 'human-input-deaf')
      setTimeout(() => run.stop(script.case === 'stop-silent'), script.stopMs).unref();
  }
  return jsonReply(200, { result: 'success' });
}

function ownRun(x: Exchange, app: DifyApp, runId: string): DifyRun {
  const run = x.state.dify.byRun.get(runId);
  if (run?.plan.app.key === app.key && isFlow(app.mode)) return run;
  throw new DifyProblem(404, 'not_found', 'Workflow run not found');
}

/** `GET /workflows/run/{id}` */
export function readRun(x: Exchange, app: DifyApp, runId: string): Reply {
  x.state.dify.counters.runReads += 1;
  return jsonReply(200, runJson(ownRun(x, app, runId)));
}

/** `GET /workflow/{id}/events`: what happened so far if asked for, then what happens. */
export async function attachRun(x: Exchange, app: DifyApp, runId: string): Promise<Reply | undefined> {
  if (isApp(app, 'old') || isApp(app, 'noevents')) throw new DifyProblem(404, 'not_found', 'Not Found');
  const user = userOf(x.query.get('user') ?? undefined);
  const run = ownRun(x, app, runId);
  if (run.plan.user !== user) throw new DifyProblem(404, 'not_found', 'Workflow run not found');
  x.state.dify.counters.attaches += 1;
  countStream(x);
  const { script } = run.plan;
  await openStream(x, { ...script, delay: 0 });
  const reader = new DifyReader(x, {}, x.query.get('continue_on_pause') === 'true');
  reader.write(DIFY_PING);
  if (!run.active) {
    reader.write(run.plan.wire.flow('workflow_finished', { ...runJson(run), ...run.result, status: run.status }));
    reader.end();
    return undefined;
  }
  if (x.query.get('include_state_snapshot') === 'true') reader.write(snapshotOf(run));
  if (run.status === 'paused' && !reader.staysOverPauses) reader.end();
  else run.attach(reader);
  return undefined;
}

/** A chatflow sends its text so far; a workflow does not, and neither does one whose case forbids it. */
function snapshotOf(run: DifyRun): string {
  const { app, wire, script } = run.plan;
  const [first = '', ...others] = run.snapshot;
  const hasText = app.mode === 'advanced-chat' && run.text !== '' && script.case !== 'no-snapshot';
  const text = hasText ? wire.event('message_replace', { answer: run.text, reason: '' }) : '';
  return first + text + others.join('');
}
