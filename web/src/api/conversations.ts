import { api, bodyOf, type Schemas } from './client';

/** One conversation in the list beside the chat. */
export type Conversation = Schemas['ConversationDto'];
export type ConversationPage = Schemas['ConversationListDto'];

/** Lists conversations, the newest activity first. @throws ApiProblem */
export const listConversations = (
  { search, page, limit }: { search: string; page: number; limit: number },
  signal?: AbortSignal,
): Promise<ConversationPage> =>
  bodyOf(
    api.GET('/api/conversations', {
      params: { query: { page, limit, ...(search !== '' && { search }) } },
      ...(signal && { signal }),
    }),
  );

/** @throws ApiProblem */
export const renameConversation = (id: number, title: string) =>
  bodyOf(api.PUT('/api/tasks/{id}', { params: { path: { id } }, body: { title } }));

/** The request outlives the page that sends it. @throws ApiProblem */
export async function deleteConversation(id: number): Promise<void> {
  await api.DELETE('/api/tasks/{id}', { params: { path: { id } }, keepalive: true });
}
