import { api, bodyOf, fetchApi, type Schemas } from './client';

/** One conversation in the list beside the chat. */
export interface Conversation {
  id: number;
  title: string;
  status: Schemas['TaskDto']['status'];
  task_type: 'chat' | 'code';
  team_id: number;
  team_name: string | null;
  model_id: string | null;
  last_activity_at: string;
  created_at: string;
  preview: string;
  /** What is around the hit of a search in questions and answers. */
  match?: string;
  /** An app waits for a person. */
  input_required: boolean;
  turn_count: number;
}

export interface ConversationPage {
  total: number;
  items: Conversation[];
}

/** Lists conversations, the newest activity first. @throws ApiProblem */
export async function listConversations(
  query: { search: string; page: number; limit: number },
  signal?: AbortSignal,
): Promise<ConversationPage> {
  const url = new URL('/api/conversations', window.location.origin);
  url.searchParams.set('page', String(query.page));
  url.searchParams.set('limit', String(query.limit));
  if (query.search !== '') url.searchParams.set('search', query.search);
  const response = await fetchApi(new Request(url, signal ? { signal } : {}));

  return (await response.json()) as ConversationPage;
}

/** @throws ApiProblem */
export const renameConversation = (id: number, title: string) =>
  bodyOf(api.PUT('/api/tasks/{id}', { params: { path: { id } }, body: { title } }));

/** The request outlives the page that sends it. @throws ApiProblem */
export async function deleteConversation(id: number): Promise<void> {
  await fetchApi(
    new Request(new URL(`/api/tasks/${id}`, window.location.origin), { method: 'DELETE', keepalive: true }),
  );
}
