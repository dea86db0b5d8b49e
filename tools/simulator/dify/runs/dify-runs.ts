// The routes that run an app.
import { randomUUID } from 'node:crypto';
import { asObject, type Json } from '../../../shared/json.js';
import { callUsage, type DifyCall } from '../dify-answers.js';
import { type DifyApp, isApp, isChat, isFlow } from '../dify-apps.js';
import { deliveryOf, DIFY_CASES, planCase } from '../dify-cases.js';
import { errorReply } from '../dify-errors.js';
import { stoppedFlow } from '../dify-human.js';
import { DifyReader } from '../dify-reader.js';
import { openStream, runJson } from './dify-run-routes.js';
import {
  checkFile,
  checkMode,
  checkRunnable,
  conversationOf,
  DifyProblem,
  inputsOf,
  invalid,
  streams,
  userOf,
} from '../dify-request.js';
import { DifyRun } from './dify-run.js';
import { type DifyScript, parseDifyScript } from '../dify-script.js';
import { type Conversation, type DifyState, keep } from './dify-state.js';
import { type Beat, DifyWire, newIds, nowSeconds } from '../dify-wire.js';
import { countStream, jsonReply, pause } from '../../deliver.js';
import type { Exchange, Reply } from '../../exchange.js';
import { strikes } from '../../state.js';
import { answerTokens, demoText } from '../../text.js';

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

function scriptOf(x: Exchange, app: DifyApp, texts: readonly unknown[]): DifyScript {
  const written = texts.filter((text) => typeof text === 'string');
  const prompt = written.map((text) => x.state.scripts.get(text) ?? text).join('\n');
  const asked = parseDifyScript(app, prompt, DIFY_CASES);
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
  const script = scriptOf(x, app, [...Object.values(given), body['query']]);
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
  const plan = { app, user, script, wire, inputs: ask.inputs, status: planned.status };
  const run = new DifyRun(dify, plan, planned.beats, {
    stoppedEnd: () => stoppedEnd(call),
    onEnd: ({ text }) => keepMessage(dify, ask, wire, text),
  });
  keep(dify.runs, wire.ids.taskId, run);
  keep(dify.byRun, wire.ids.runId, run);
  keepMessage(dify, ask, wire, '');
  planned.open?.(run);
  return { run, call };
}

function stoppedEnd(call: DifyCall): Beat[] {
  const end = call.app.mode === 'workflow' ? [] : [{ wire: call.wire.messageEnd({ usage: callUsage(call) }) }];
  return isFlow(call.app.mode) ? [stoppedFlow(call), ...end] : end;
}

function keepMessage(dify: DifyState, ask: Ask, wire: DifyWire, answer: string): void {
  if (ask.app.mode === 'workflow') return;
  const { messageId: id, conversationId, createdAt } = wire.ids;
  const { query, inputs, user } = ask;
  const runId = isFlow(ask.app.mode) ? wire.ids.runId : null;
  const facts = { id, conversationId, runId, key: ask.app.key, user, query, inputs, createdAt, answer };
  const feedback = dify.messages.get(id)?.feedback ?? null;
  keep(dify.messages, id, { ...facts, suggestMs: ask.script.suggestMs, feedback });
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
    return jsonReply(200, { workflow_run_id: ids.runId, task_id: ids.taskId, data: runJson(run) });
  }
  const { messageId: id, taskId: task_id, createdAt: created_at } = ids;
  const metadata = { usage: callUsage(call), retriever_resources: [] };
  const conversation = isChat(call.app.mode) ? { conversation_id: ids.conversationId } : {};
  const facts = { event: 'message', task_id, id, message_id: id, ...conversation, mode: call.app.mode };
  return jsonReply(200, { ...facts, answer: run.text, metadata, created_at });
}
