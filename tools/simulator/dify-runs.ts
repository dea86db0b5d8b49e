// The routes that run an app, and those about a run: stop, read, attach.
import { randomUUID } from 'node:crypto';
import { asObject, type Json } from '../shared/json.js';
import { callUsage, type DifyCall, outputsOf, workflowFinished } from './dify-answers.js';
import { type DifyApp, isApp, isChat, isFlow } from './dify-apps.js';
import { deliveryOf, DIFY_CASES, DIFY_ERRORS, DIFY_PAGES, planCase } from './dify-cases.js';
import { stoppedFlow } from './dify-human.js';
import { DifyReader } from './dify-reader.js';
import {
  checkFile,
  checkMode,
  checkRunnable,
  conversationOf,
  difyError,
  DifyProblem,
  inputsOf,
  invalid,
  streams,
  userOf,
} from './dify-request.js';
import { DifyRun, type RunStatus } from './dify-run.js';
import { type DifyScript, parseDifyScript } from './dify-script.js';
import { type Conversation, type DifyState, keep } from './dify-state.js';
import { DIFY_PING, DifyWire, newIds, nowSeconds } from './dify-wire.js';
import { countStream, htmlReply, jsonReply, pause, send } from './deliver.js';
import type { Exchange, Reply } from './exchange.js';
import { strikes } from './state.js';
import { answerTokens, demoText } from './text.js';

/** A checked request that may start a run. */
interface Ask {
  app: DifyApp;
  user: string;
  query: string;
  inputs: Json;
  script: DifyScript;
  stream: boolean;
  conversation?: Conversation;
}

function scriptOf(x: Exchange, texts: readonly unknown[]): DifyScript {
  const prompt = texts.filter((text) => typeof text === 'string').join('\n');
  const asked = parseDifyScript(prompt, DIFY_CASES);
  const script = strikes(x.state, asked) ? asked : { ...asked, case: 'happy', status: undefined };
  x.request.script = script;
  return script;
}

function queryOf(app: DifyApp, body: Json, given: Json): string {
  const query = isChat(app.mode) ? body['query'] : (body['query'] ?? given['query'] ?? '');
  if (typeof query === 'string' && (query !== '' || !isChat(app.mode))) return query;
  throw invalid('query is required');
}

/** Checks a request in the order of the real service. @throws DifyProblem */
function askOf(x: Exchange, app: DifyApp, route: string): Ask {
  const { dify } = x.state;
  const body = asObject(x.request.body);
  checkMode(app, route);
  const user = userOf(body['user']);
  const stream = streams(body);
  checkRunnable(app);
  const given = asObject(body['inputs']);
  const query = queryOf(app, body, given);
  const script = scriptOf(x, [...Object.values(given), body['query']]);
  const conversation = app.mode === 'workflow' ? undefined : conversationOf(dify, app, user, body['conversation_id']);
  if (script.case === 'no-conversation' && conversation) {
    throw new DifyProblem(404, 'not_found', 'Conversation Not Exists.');
  }
  const inputs = inputsOf(dify, app, user, body['inputs']);
  for (const file of Array.isArray(body['files']) ? body['files'] : []) checkFile(dify, app, user, file);
  if (!stream && app.mode === 'agent-chat') throw invalid('Agent Chat App does not support blocking mode');
  return { app, user, query, inputs, script, stream, conversation };
}

function newConversation(dify: DifyState, ask: Ask): Conversation {
  const id = randomUUID();
  const name = ask.query.slice(0, 30);
  const made = { id, key: ask.app.key, user: ask.user, name, createdAt: nowSeconds(), turns: 0 };
  keep(dify.conversations, id, made);
  return made;
}

function textTokens(ask: Ask, turns: number): string[] {
  const { script, query } = ask;
  if (script.tokens !== undefined || script.text !== undefined || turns < 2) return answerTokens(script, query);
  return answerTokens({ ...script, text: `${demoText(query)} This is turn ${turns} of our conversation.` }, query);
}

function startRun(dify: DifyState, ask: Ask): { run: DifyRun; call: DifyCall } {
  const { app, user, script } = ask;
  const conversation = isChat(app.mode) ? (ask.conversation ?? newConversation(dify, ask)) : undefined;
  if (conversation) conversation.turns += 1;
  const wire = new DifyWire(app.mode, newIds(conversation?.id ?? ''));
  const tokens = textTokens(ask, conversation?.turns ?? 1);
  const call: DifyCall = { app, script, wire, user, query: ask.query, inputs: ask.inputs, tokens };
  const planned = planCase(dify, call);
  const run = new DifyRun(dify, {
    ...{ app, user, script, wire, beats: planned.beats, status: planned.status },
    stoppedEnd: () => stoppedEnd(call),
    finished: (status, text) => finishedEvent(call, status, text),
    onEnd: ({ text }) => keepMessage(dify, ask, wire, text),
  });
  keep(dify.runs, wire.ids.taskId, run);
  keep(dify.byRun, wire.ids.runId, run);
  keepMessage(dify, ask, wire, '');
  planned.open?.(run);
  return { run, call };
}

function finishedEvent(call: DifyCall, status: RunStatus, text: string): string {
  return workflowFinished(call, status, status === 'failed' || status === 'stopped' ? null : outputsOf(call, text));
}

function stoppedEnd(call: DifyCall): string {
  const end = call.app.mode === 'workflow' ? '' : call.wire.messageEnd({ usage: callUsage(call) });
  return isFlow(call.app.mode) ? stoppedFlow(call) + end : end;
}

function keepMessage(dify: DifyState, ask: Ask, wire: DifyWire, answer: string): void {
  if (ask.app.mode === 'workflow') return;
  const { messageId: id, conversationId, createdAt } = wire.ids;
  const { query, inputs, user } = ask;
  const facts = { id, conversationId, key: ask.app.key, user, query, inputs, createdAt, answer };
  const feedback = dify.messages.get(id)?.feedback ?? null;
  keep(dify.messages, id, { ...facts, suggestMs: ask.script.suggestMs, feedback });
}

function errorReply(script: DifyScript): Reply | undefined {
  const page = DIFY_PAGES[script.case];
  if (page) return htmlReply(script.status ?? page[0], page[1]);
  const error = DIFY_ERRORS[script.case];
  if (!error) return undefined;
  const [status, code, message] = error;
  const seconds = script.retryAfter ?? (status === 429 ? '1' : undefined);
  return difyError(script.status ?? status, code, message, seconds === undefined ? {} : { 'retry-after': seconds });
}

async function openStream(x: Exchange, script: DifyScript): Promise<void> {
  send(x, 200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  x.res.flushHeaders();
  await pause(x, script.delay);
}

/** `POST /chat-messages`, `/completion-messages` and `/workflows/run`. @returns a reply, unless it streams */
export async function runApp(x: Exchange, app: DifyApp, route: string): Promise<Reply | undefined> {
  const ask = askOf(x, app, route);
  const { script } = ask;
  await pause(x, script.headersDelay);
  const refused = errorReply(script);
  if (refused) return refused;
  if (script.case === 'hang-before-headers') {
    countStream(x);
    return { kind: 'hang' };
  }
  const { run, call } = startRun(x.state.dify, ask);
  if (!ask.stream || script.case === 'json-reply') return blockingReply(run, call);
  countStream(x);
  await openStream(x, script);
  run.attach(new DifyReader(x, deliveryOf(script.case, isApp(app, 'old'))));
  await run.play();
  return undefined;
}

async function blockingReply(run: DifyRun, call: DifyCall): Promise<Reply> {
  await run.play();
  const { ids } = call.wire;
  if (call.app.mode === 'workflow') {
    return jsonReply(200, { workflow_run_id: ids.runId, task_id: ids.taskId, data: runJson(run, call) });
  }
  const { messageId: id, taskId: task_id, createdAt: created_at } = ids;
  const metadata = { usage: callUsage(call), retriever_resources: [] };
  const conversation = isChat(call.app.mode) ? { conversation_id: ids.conversationId } : {};
  const facts = { event: 'message', task_id, id, message_id: id, ...conversation, mode: call.app.mode };
  return jsonReply(200, { ...facts, answer: run.text, metadata, created_at });
}

function runJson(run: DifyRun, call?: DifyCall): Json {
  const { wire, app } = run.plan;
  const good = run.status === 'succeeded' || run.status === 'partial-succeeded';
  return {
    id: wire.ids.runId,
    workflow_id: wire.ids.workflowId,
    status: run.status,
    inputs: call ? call.inputs : '{}',
    outputs: good ? (app.mode === 'workflow' ? { text: run.text } : { answer: run.text }) : null,
    error: run.status === 'failed' ? 'Node LLM run failed' : run.status === 'stopped' ? 'Stopped by user.' : null,
    elapsed_time: run.elapsed,
    total_tokens: good ? 40 : 0,
    total_steps: 3,
    created_at: wire.ids.createdAt,
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
    if (script.case === 'stop-fails') return difyError(500, 'internal_server_error', 'Internal Server Error');
    if (script.case !== 'stop-ignored')
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
    reader.write(run.plan.finished(run.status, run.text));
    reader.end();
    return undefined;
  }
  if (x.query.get('include_state_snapshot') === 'true') reader.write(snapshotOf(run));
  if (run.status === 'paused' && !reader.staysOverPauses) reader.end();
  else run.attach(reader);
  return undefined;
}

/** A chatflow tells its text so far; a workflow does not, and neither does one whose case forbids it. */
function snapshotOf(run: DifyRun): string {
  const { app, wire, script } = run.plan;
  const [first = '', ...others] = run.snapshot;
  const tells = app.mode === 'advanced-chat' && run.text !== '' && script.case !== 'no-snapshot';
  const text = tells ? wire.event('message_replace', { answer: run.text, reason: '' }) : '';
  return first + text + others.join('');
}
