import type { ChatEvent } from '../../common/contracts/chat-event.js';

/** What an executor may say of an answer while it works on it. */
export type LiveEvent = Extract<
  ChatEvent,
  { type: 'content' | 'reasoning' | 'replace' | 'step' | 'file' | 'sources' | 'usage' | 'suggestions' }
>;
