import { ApiProblem } from '../../api/api-problem';
import { fetchApi, type Schemas } from '../../api/client';
import { queryClient } from '../../app/query-client';
import { answerStream } from './answer-stream';
import { conversationsKey, taskKey } from '../query-keys';
import { withQuestionKey } from './question-keys';

/** Requests whose reply was lost are repeated under the same key, after these milliseconds. */
const REPEAT_AFTER_MS = [300, 1_000, 3_000];

export interface Question {
  teamId: number;
  /** Appends a turn to this task; without it a new task begins. */
  taskId?: number;
  prompt: string;
  /** Name of a model, in place of the team's. */
  modelId?: string;
  inputs?: Record<string, unknown>;
  files?: Schemas['DifyFileDto'][];
}

const underWay = new Map<string, Promise<{ taskId: number }>>();

/**
 * Asks a question. Resolves as soon as the server has stored it; its answer is then shown by `useAnswer(taskId)`.
 * The same question asked again before that, by a second click or after a lost reply, is answered once.
 * @throws ApiProblem when it was not stored, as far as is known: the caller keeps the text
 */
export function askQuestion(question: Question): Promise<{ taskId: number }> {
  const body = JSON.stringify(bodyOfQuestion(question));
  const known = underWay.get(body);
  if (known) return known;
  const asked = send(body, question.prompt).finally(() => underWay.delete(body));
  underWay.set(body, asked);

  return asked;
}

async function send(body: string, prompt: string): Promise<{ taskId: number }> {
  const response = await withQuestionKey(body, (key) => request(body, key));
  const taskId = Number(response.headers.get('x-task-id'));
  answerStream(taskId).begin(response, prompt);
  void queryClient.invalidateQueries({ queryKey: taskKey(taskId) });
  void queryClient.invalidateQueries({ queryKey: conversationsKey });

  return { taskId };
}

async function request(body: string, key: string): Promise<Response> {
  for (const pause of REPEAT_AFTER_MS) {
    try {
      return await post(body, key);
    } catch (error) {
      if (!(error instanceof ApiProblem && error.status === 0)) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  return post(body, key);
}

const post = (body: string, key: string): Promise<Response> =>
  fetchApi(
    new Request(new URL('/api/direct-chat/stream', window.location.origin), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'idempotency-key': key },
      body,
    }),
  );

function bodyOfQuestion({ teamId, taskId, prompt, modelId, inputs, files }: Question): Schemas['StreamChatDto'] {
  return {
    prompt,
    team_id: teamId,
    ...(taskId !== undefined && { task_id: taskId }),
    ...(modelId !== undefined && { model_id: modelId }),
    ...(inputs && { inputs }),
    ...(files && files.length > 0 && { files }),
  };
}
