import { Injectable } from '@nestjs/common';
import { Semaphore } from '../../common/async/semaphore.js';
import { type ConversationFilter, ConversationsRepository, type Hit } from './conversations.repository.js';
import { batchesOf, previewOf, spellingsOf } from './search-texts.js';

/** Conversations whose titles are compared, and whose texts are read: the newest ones. */
const MAX_TITLES = 10_000;
const MAX_CONVERSATIONS = 1_000;
/** Conversations whose sizes are read at a time, and texts of these. */
const CHUNK = 50;
const MAX_TEXTS = 2_000;
/** Stored bytes that one statement reads: others wait for it in an embedded database. */
const BATCH_BYTES = 2 * 1024 * 1024;
/** No further texts are read after this time. */
const MAX_MS = 2_000;
/** Searches of this process at a time: each has one connection. */
const AT_A_TIME = 2;

/** Conversations in which a search has found something, newest activity first. */
export interface SearchResult {
  ids: number[];
  /** What was found elsewhere than in the title. */
  snippets: ReadonlyMap<number, string>;
  /** Whether not all texts were read. */
  isPartial: boolean;
}

/** Searches titles, questions and answers: in small statements, newest conversations first, for a limited time. */
@Injectable()
export class ConversationSearch {
  private readonly slots = new Semaphore(AT_A_TIME);

  constructor(private readonly repository: ConversationsRepository) {}

  /** Finds the conversations that hold a text, in any case. */
  async find(filter: ConversationFilter, search: string): Promise<SearchResult> {
    const release = await this.slots.acquire();
    try {
      return await this.search(filter, search);
    } finally {
      release();
    }
  }

  private async search(filter: ConversationFilter, search: string): Promise<SearchResult> {
    const candidates = await this.repository.candidates(filter, search, MAX_TITLES);
    const others = candidates.slice(0, MAX_CONVERSATIONS).filter(({ isTitle }) => !isTitle);
    const snippets = new Map<number, string>();
    const ids = others.map(({ id }) => id);
    const isWhole = await this.searchTexts(ids, spellingsOf(search), snippets);
    const found = candidates.filter(({ id, isTitle }) => isTitle || snippets.has(id));

    return {
      ids: found.map(({ id }) => id),
      snippets,
      isPartial: !isWhole || candidates.length > MAX_CONVERSATIONS,
    };
  }

  /** @param snippets gets what is around the newest hit in each conversation @returns whether all texts were read */
  private async searchTexts(
    ids: readonly number[],
    spellings: readonly string[],
    snippets: Map<number, string>,
  ): Promise<boolean> {
    const end = performance.now() + MAX_MS;
    let isWhole = true;
    for (let start = 0; start < ids.length; start += CHUNK) {
      const texts = await this.repository.texts(ids.slice(start, start + CHUNK), MAX_TEXTS);
      isWhole &&= texts.length < MAX_TEXTS;
      for (const batch of batchesOf(texts, BATCH_BYTES)) {
        if (performance.now() > end) return false;
        for (const hit of await this.repository.hits(batch, spellings)) {
          if (!snippets.has(hit.taskId)) snippets.set(hit.taskId, snippetOf(hit));
        }
      }
    }

    return isWhole;
  }
}

function snippetOf({ snippet, isCutBefore, isCutAfter }: Hit): string {
  const text = previewOf(snippet);

  return `${isCutBefore ? '…' : ''}${text}${isCutAfter ? '…' : ''}`;
}
