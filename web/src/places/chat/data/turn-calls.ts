import { api, bodyOf, fetchApi, type Schemas } from '../../../api/client';
import { withQuestionKey } from '../../../stream/answer/question-keys';

/** A question that waits for the answer before it to end. */
export type FollowUp = Schemas['FollowUpDto'];
export type FollowUps = Schemas['FollowUpListDto'];
export type LinkAccess = Schemas['LinkDto']['access'];

const pathOf = (id: number) => ({ params: { path: { id } } });
const keyed = (key: string) => ({ 'Idempotency-Key': key });

/**
 * Asks a question again; the versions before it are kept. Asked once more after a lost reply, it is answered once.
 * @throws ApiProblem
 */
export const askVersion = (taskId: number, body: Schemas['NewVersionDto']): Promise<Schemas['TaskDto']> =>
  withQuestionKey(JSON.stringify([taskId, body]), (key) =>
    bodyOf(
      api.POST('/api/tasks/{id}/versions', {
        params: { path: { id: taskId }, header: keyed(key) },
        body,
      }),
    ),
  );

/** Makes a task for executors. Sent once more after a lost reply, it is one task. @throws ApiProblem */
export const storeTask = (body: Schemas['CreateTaskDto']): Promise<Schemas['TaskDto']> =>
  withQuestionKey(JSON.stringify(['task', body]), (key) =>
    bodyOf(api.POST('/api/tasks/create', { params: { header: keyed(key) }, body })),
  );

/** The next question to executors. Sent once more after a lost reply, it is asked once. @throws ApiProblem */
export const storeTurn = (taskId: number, body: Schemas['CreateTaskDto']): Promise<Schemas['TaskDto']> =>
  withQuestionKey(JSON.stringify(['turn', taskId, body]), (key) =>
    bodyOf(api.POST('/api/tasks/{id}', { params: { path: { id: taskId }, header: keyed(key) }, body })),
  );

/** Asks for the answer of a question that is stored, and waits. @returns its stream @throws ApiProblem */
export const startAnswer = (taskId: number): Promise<Response> =>
  fetchApi(
    new Request(new URL(`/api/direct-chat/${taskId}/stream`, window.location.origin), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: '{}',
    }),
  );

/** Shows another version of a question. @throws ApiProblem */
export const chooseVersion = (taskId: number, subtaskId: number): Promise<Schemas['TaskDetailDto']> =>
  bodyOf(api.PUT('/api/tasks/{id}/versions', { ...pathOf(taskId), body: { subtask_id: subtaskId } }));

/** Begins a conversation with the turns up to one. @throws ApiProblem */
export const branchOff = (taskId: number, subtaskId: number): Promise<Schemas['TaskDto']> =>
  bodyOf(api.POST('/api/tasks/{id}/branch', { ...pathOf(taskId), body: { subtask_id: subtaskId } }));

/** The questions that wait. @throws ApiProblem */
export const readFollowUps = (taskId: number): Promise<FollowUps> =>
  bodyOf(api.GET('/api/tasks/{id}/follow-ups', pathOf(taskId)));

/** Queues a question behind the running answer. @throws ApiProblem */
export const addFollowUp = (taskId: number, body: Schemas['NewFollowUpDto']): Promise<FollowUp> =>
  bodyOf(api.POST('/api/tasks/{id}/follow-ups', { ...pathOf(taskId), body }));

/** Takes a question out of the queue. @throws ApiProblem */
export const removeFollowUp = (taskId: number, followUpId: number): Promise<FollowUp> =>
  bodyOf(
    api.DELETE('/api/tasks/{id}/follow-ups/{follow_up_id}', {
      params: { path: { id: taskId, follow_up_id: followUpId } },
    }),
  );

/** Goes on with the queue after a failure. @throws ApiProblem */
export const resumeFollowUps = (taskId: number): Promise<FollowUps> =>
  bodyOf(api.POST('/api/tasks/{id}/follow-ups/resume', pathOf(taskId)));

/** Makes a link that opens the conversation without a log-in. @throws ApiProblem */
export const makeLink = (taskId: number, access: LinkAccess, seconds: number): Promise<Schemas['LinkDto']> =>
  bodyOf(api.POST('/api/tasks/{id}/links', { ...pathOf(taskId), body: { access, expires_in_seconds: seconds } }));

/** Ends all links of a conversation. @throws ApiProblem */
export const endLinks = (taskId: number) => bodyOf(api.DELETE('/api/tasks/{id}/links', pathOf(taskId)));
