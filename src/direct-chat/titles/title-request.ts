import type { ProviderEvent } from '../../common/contracts/chat-event.js';
import type { ChatMessage, ChatRequest, ModelSettings } from '../../common/contracts/chat-provider.js';
import { withoutParams } from '../../common/text/prompt.js';
import { firstPart } from '../../common/text/text-cut.js';

/** Room for a title in any script, and for a little reasoning before it. */
const MAX_TOKENS = 300;
/** UTF-16 units of question and answer that the model reads, each. */
const MAX_READ = 2_000;
/** UTF-16 units of a title; the rest is not read. */
export const MAX_TITLE = 80;

const SYSTEM =
  'You write titles of conversations. Reply with the title alone: at most six words, in the language of the conversation, ' +
  'without quotation marks, without markup and without a full stop. Do not answer the question.';

/** Returns the settings to write a title with: how the server is reached, but not how answers are to be. */
export function titleModel(model: ModelSettings): ModelSettings {
  const { authScheme, maxTokensField, systemRole, streamUsage, thinkTag, extraBody } = model.parameters;
  const kept = { authScheme, maxTokensField, systemRole, streamUsage, thinkTag, extraBody };
  const known = Object.entries(kept).filter(([, value]) => value !== undefined);

  return { ...model, parameters: { ...(Object.fromEntries(known) as typeof model.parameters), maxTokens: MAX_TOKENS } };
}

/** Returns the request for the title of a conversation that began with a question and its answer. */
export function titleRequest(
  ids: Pick<ChatRequest, 'taskId' | 'subtaskId' | 'endUser'>,
  model: ModelSettings,
  { prompt, answer }: { prompt: string; answer: string },
): ChatRequest {
  const question = firstPart(withoutParams(prompt).trim(), MAX_READ);
  const content = `Question:\n${question}\n\nAnswer:\n${firstPart(answer.trim(), MAX_READ)}\n\nTitle:`;
  const messages: ChatMessage[] = [{ role: 'user', content }];

  return { ...ids, model: titleModel(model), system: SYSTEM, messages };
}

/** Reads a title from the events of a provider, no further than it needs. Leaving the loop closes the connection. */
export async function readTitle(events: AsyncIterable<readonly ProviderEvent[]>): Promise<string> {
  let text = '';
  for await (const batch of events) {
    for (const event of batch) {
      if (event.type === 'content') text += event.content;
      if (event.type === 'replace') text = event.content;
    }
    if (text.trimStart().length > 4 * MAX_TITLE) break;
  }

  return cleanTitle(text);
}

/** Removes what models put around a title. Empty when nothing is left, or when it is no title. */
export function cleanTitle(text: string): string {
  const [line = ''] = text.trim().split(/\r?\n/, 1);
  const bare = line
    .replace(/^[\s#>*_-]+/, '')
    .replace(/^(title|titel|titre|título|标题)\s*[:：]\s*/i, '')
    .replace(/^[\s"'“”„«»「」『』《》`*_]+|[\s"'“”„«»「」『』《》`*_.。]+$/gu, '')
    .replace(/\s+/g, ' ');

  return bare.length > MAX_TITLE ? `${firstPart(bare, MAX_TITLE - 1).trimEnd()}…` : bare;
}
