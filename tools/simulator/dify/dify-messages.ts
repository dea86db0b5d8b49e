// What became of earlier messages: suggestions, feedback, lists.
import { setTimeout as sleep } from 'node:timers/promises';
import { asObject } from '../../shared/json.js';
import { type DifyApp, suggests } from './dify-apps.js';
import { jsonReply } from '../deliver.js';
import { DifyProblem, invalid, userOf } from './dify-request.js';
import type { Message } from './runs/dify-state.js';
import type { Exchange, Reply } from '../exchange.js';

function ownMessage(x: Exchange, app: DifyApp, user: string, id: string): Message {
  const message = x.state.dify.messages.get(id);
  if (message && message.key === app.key && message.user === user) return message;
  throw new DifyProblem(404, 'not_found', 'Message Not Exists.');
}

/** `GET /messages/{id}/suggested` */
export async function suggested(x: Exchange, app: DifyApp, id: string): Promise<Reply> {
  x.state.dify.counters.suggestions += 1;
  const message = ownMessage(x, app, userOf(x.query.get('user') ?? undefined), id);
  if (!suggests(app)) throw new DifyProblem(400, 'bad_request', 'Suggested Questions Is Disabled.');
  if (message.suggestMs > 0) await sleep(message.suggestMs, undefined, { signal: x.closed });
  return jsonReply(200, { result: 'success', data: ['Tell me more?', 'Why is that?', 'And then?'] });
}

/** `POST /messages/{id}/feedbacks` */
export function feedback(x: Exchange, app: DifyApp, id: string): Reply {
  const body = asObject(x.request.body);
  const message = ownMessage(x, app, userOf(body['user']), id);
  const rating = body['rating'] ?? null;
  if (rating !== 'like' && rating !== 'dislike' && rating !== null) throw invalid('rating must be like or dislike');
  x.state.dify.counters.feedbacks += 1;
  message.feedback = rating === null ? null : { rating, content: body['content'] ?? null };
  return jsonReply(200, { result: 'success' });
}

/** `GET /messages` */
export function messages(x: Exchange, app: DifyApp): Reply {
  const user = userOf(x.query.get('user') ?? undefined);
  const conversation = x.query.get('conversation_id') ?? '';
  const all = [...x.state.dify.messages.values()].filter(
    (message) => message.key === app.key && message.user === user && message.conversationId === conversation,
  );
  if (all.length === 0) throw new DifyProblem(404, 'not_found', 'Conversation Not Exists.');
  const limit = Number(x.query.get('limit') ?? 20);
  const data = all.slice(-limit).map(({ id, query, answer, inputs, createdAt, feedback: given, runId }) => ({
    ...{ id, conversation_id: conversation, parent_message_id: null, inputs, query, answer },
    ...{ message_files: [], feedback: given, retriever_resources: [], agent_thoughts: [] },
    ...{ created_at: createdAt, status: 'normal', error: null, workflow_run_id: runId },
  }));
  return jsonReply(200, { limit, has_more: all.length > limit, data });
}

/** `GET /conversations` */
export function conversations(x: Exchange, app: DifyApp): Reply {
  const user = userOf(x.query.get('user') ?? undefined);
  const all = [...x.state.dify.conversations.values()].filter((one) => one.key === app.key && one.user === user);
  const limit = Number(x.query.get('limit') ?? 20);
  const data = all.slice(-limit).map(({ id, name, createdAt }) => ({
    ...{ id, name, inputs: {}, status: 'normal', introduction: '', created_at: createdAt, updated_at: createdAt },
  }));
  return jsonReply(200, { limit, has_more: all.length > limit, data });
}

/** `DELETE /conversations/{id}` */
export function deleteConversation(x: Exchange, app: DifyApp, id: string): Reply {
  const user = userOf(asObject(x.request.body)['user']);
  const conversation = x.state.dify.conversations.get(id);
  if (conversation?.key !== app.key || conversation.user !== user) {
    throw new DifyProblem(404, 'not_found', 'Conversation Not Exists.');
  }
  x.state.dify.conversations.delete(id);
  return { kind: 'body', status: 204, type: 'application/json', body: '' };
}
