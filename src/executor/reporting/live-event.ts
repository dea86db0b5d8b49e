import type { ChatEvent } from '../../common/contracts/chat-event.js';
import { isJsonObject } from '../../common/text/json.js';

const TYPES = ['content', 'reasoning', 'replace', 'step', 'file', 'sources', 'usage', 'suggestions'] as const;

/** What an executor may say of an answer while it works on it. */
export type LiveEvent = Extract<ChatEvent, { type: (typeof TYPES)[number] }>;

/** Whether a value that was stored is an event, by its type. */
export function isLiveEvent(value: unknown): value is LiveEvent {
  return isJsonObject(value) && TYPES.some((type) => type === value['type']);
}
