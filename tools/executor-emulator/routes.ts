// The calls that the backend makes to its executor manager, with the replies of Wegent's.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody, sendJson } from '../shared/http.js';
import { asObject, type Json } from '../shared/json.js';
import type { Backend } from './backend.js';
import type { CancelReply } from './behaviours.js';
import type { Executor } from './executor.js';
import type { Journal } from './journal.js';
import type { Manager } from './manager.js';
import type { Report } from './wire.js';

/** What the routes work on. */
export interface Parts {
  manager: Manager;
  backend: Backend;
  journal: Journal;
}

type Route = (parts: Parts, body: Json, res: ServerResponse) => Promise<void> | void;

function cancel({ manager, journal }: Parts, body: Json, res: ServerResponse): void {
  const taskId = Number(body['task_id']);
  const executor = manager.runningOn(taskId);
  const reply = executor ? executor.cancelReply : 'refuses';
  journal.counters.cancels += 1;
  journal.log(`task ${taskId}: asked to cancel: ${executor ? reply : 'nothing runs'}`);
  if (reply === 'hangs') return;
  setTimeout(() => answerCancel(taskId, executor, reply, res), executor?.assignment.script.delay ?? 0).unref();
}

function answerCancel(taskId: number, executor: Executor | undefined, reply: CancelReply, res: ServerResponse): void {
  if (!executor || reply === 'refuses') {
    sendJson(res, 400, { detail: executor ? 'The executor refused' : `Task ${taskId} is not running` });
    return;
  }
  sendJson(res, 200, {
    status: 'success',
    task_ids: [taskId],
    containers: [executor.name],
    message: 'Task cancelled',
  });
  executor.cancel();
}

function remove({ manager, journal }: Parts, body: Json, res: ServerResponse): void {
  const name = String(body['executor_name']);
  const found = manager.remove(name);
  journal.counters.deletes += 1;
  journal.log(`${name}: asked to delete: ${found ? 'done' : 'unknown'}`);
  sendJson(
    res,
    200,
    found ? { status: 'success' } : { status: 'unauthorized', error_msg: `Container ${name} is not of this manager` },
  );
}

/** A real executor may use the emulator as its manager. The reply contains nothing of the backend's, like Wegent's. */
async function callback({ backend }: Parts, body: Json, res: ServerResponse): Promise<void> {
  const known = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
  await backend.report(known as unknown as Report, 'from outside');
  sendJson(res, 200, { status: 'success', message: 'Callback processed' });
}

function state({ manager, journal }: Parts, _body: Json, res: ServerResponse): void {
  const executors = [...manager.executors.values()].map(({ name, subtask, state: now, assignment }) => ({
    ...{ name, task_id: subtask.task_id, subtask_id: subtask.subtask_id },
    ...{ state: now, behaviour: assignment.script.behaviour },
  }));
  sendJson(res, 200, { counters: journal.counters, executors });
}

const EXECUTOR = /^\/executor-manager\/executor\/([^/]+)$/;

/** Answers whether an executor lives. @returns false when the request is another one */
function serveState({ manager }: Parts, req: IncomingMessage, res: ServerResponse): boolean {
  const [, name] = (req.method === 'GET' && EXECUTOR.exec(req.url ?? '')) || [];
  const state = name === undefined ? null : manager.stateOf(decodeURIComponent(name));
  if (state) sendJson(res, 200, state);
  return state !== null;
}

const ROUTES: Record<string, Route> = {
  'POST /executor-manager/tasks/cancel': cancel,
  'POST /executor-manager/executor/delete': remove,
  'GET /executor-manager/executor/load': ({ manager }, _body, res) => sendJson(res, 200, manager.load()),
  'POST /executor-manager/callback': callback,
  'GET /health': (_parts, _body, res) => sendJson(res, 200, { status: 'healthy' }),
  'GET /emulator/state': state,
  'GET /emulator/exchanges': ({ journal }, _body, res) => sendJson(res, 200, journal.exchanges),
};

/** Answers one request; unknown ones with 404, and with 503 while there is no backend. */
export async function serve(parts: Parts | null, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const route = `${req.method ?? 'GET'} ${(req.url ?? '/').split('?')[0]}`;
  const body = asObject(await readBody(req));
  const handler = ROUTES[route];
  if (!handler && parts && serveState(parts, req, res)) return;
  if (!handler) sendJson(res, 404, { detail: 'Not Found' });
  else if (!parts) sendJson(res, 503, { detail: 'No backend yet' });
  else await handler(parts, body, res);
}
