import { describe, expect, it } from '@jest/globals';
import { ConversationSearch } from './conversation-search.js';
import type { ConversationsRepository, Hit } from './conversations.repository.js';

const FILTER = { userId: 1, status: undefined, teamId: undefined };

/** A repository of so many conversations with one text each; `hits` has those that a search finds. */
function repositoryOf(count: number, { titles = [] as number[], hits = [] as number[], textsOfEach = 1 } = {}) {
  const read: number[] = [];
  const repository = {
    candidates: () =>
      Promise.resolve(Array.from({ length: count }, (_one, id) => ({ id, isTitle: titles.includes(id) }))),
    texts: (ids: readonly number[], limit: number) =>
      Promise.resolve(
        ids.flatMap((id) => Array.from({ length: textsOfEach }, () => ({ id, bytes: 10 }))).slice(0, limit),
      ),
    hits: (ids: readonly number[]) => {
      read.push(...ids);
      const found = ids.filter((id) => hits.includes(id));

      return Promise.resolve(
        found.map((taskId): Hit => ({ taskId, snippet: ' so\nand so ', isCutBefore: true, isCutAfter: false })),
      );
    },
  };

  return { read, repository: repository as unknown as ConversationsRepository };
}

describe(ConversationSearch.name, () => {
  it('finds titles and texts in the order of the conversations, and reads no text whose title matches', async () => {
    const { repository, read } = repositoryOf(120, { titles: [3], hits: [3, 110] });
    const { ids, snippets, isPartial } = await new ConversationSearch(repository).find(FILTER, 'x');

    expect(ids).toEqual([3, 110]);
    expect([...snippets]).toEqual([[110, '…so and so']]);
    expect(isPartial).toBe(false);
    expect(read).toHaveLength(119);
  });

  it('reads the texts of the newest conversations only, and says so', async () => {
    const { repository, read } = repositoryOf(1_200, { titles: [1_100], hits: [999, 1_000] });
    const { ids, isPartial } = await new ConversationSearch(repository).find(FILTER, 'x');

    expect(ids).toEqual([999, 1_100]);
    expect([isPartial, read.length]).toEqual([true, 1_000]);
  });

  it('says when conversations have too many texts', async () => {
    const { repository } = repositoryOf(2, { textsOfEach: 1_500 });

    expect((await new ConversationSearch(repository).find(FILTER, 'x')).isPartial).toBe(true);
  });
});
