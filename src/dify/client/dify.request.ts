/** A chat turn -> the body of a run. Pure. */
import type { ChatMessage, ChatRequest } from '../../common/contracts/chat-provider.js';
import type { DifyMode, DifyTurn } from '../../common/contracts/dify.js';
import type { JsonObject } from '../../common/text/json.js';
import { firstPart } from '../../common/text/text-cut.js';
import { type InputField, inputForText } from '../inputs/input-form.js';
import { storableText } from '../../common/text/storable.js';

/** How much of a lost conversation is repeated in the question. */
const HISTORY_MESSAGES = 10;
const HISTORY_CHARACTERS = 8_000;

/** Whether an app keeps conversations. */
export function hasConversations(mode: DifyMode): boolean {
  return mode !== 'workflow' && mode !== 'completion';
}

/** Whether an app's runs are those of a workflow, which can be joined. */
export function isFlow(mode: DifyMode): boolean {
  return mode === 'workflow' || mode === 'advanced-chat';
}

/**
 * Returns the body of a run.
 * @param conversationId empty for a new conversation, whose question repeats what was said before
 * @param fields of the app's form, where the text is one of its inputs; null when they are not known
 */
export function runBody(
  { dify, messages, endUser }: Pick<ChatRequest, 'messages' | 'endUser'> & { dify: DifyTurn },
  mode: DifyMode,
  conversationId: string,
  fields: readonly InputField[] | null = null,
): JsonObject {
  const asked = storableText(messages.at(-1)?.content ?? '');
  const files = dify.files.length > 0 ? { files: dify.files } : {};
  const common = { response_mode: 'streaming', user: endUser, ...files };
  if (mode === 'workflow') return { inputs: withText(dify.inputs, asked, fields), ...common };
  // Older completion apps know the text as an input only; others ignore it.
  if (mode === 'completion') return { inputs: withText(dify.inputs, asked, fields), query: asked, ...common };
  const query = conversationId === '' ? withTranscript(messages.slice(0, -1), asked) : asked;

  return { inputs: dify.inputs, query, conversation_id: conversationId, auto_generate_name: true, ...common };
}

function withText(inputs: JsonObject, asked: string, fields: readonly InputField[] | null): JsonObject {
  const name = asked === '' ? null : inputForText(fields, inputs);

  return name === null ? inputs : { ...inputs, [name]: asked };
}

/** The question with the last messages before it. */
function withTranscript(before: readonly ChatMessage[], asked: string): string {
  let room = HISTORY_CHARACTERS;
  const lines: string[] = [];
  for (const { role, content } of before.slice(-HISTORY_MESSAGES).reverse()) {
    room -= content.length;
    if (room < 0 && lines.length > 0) break;
    // The last message is told in any case, its beginning at least.
    const said = room < 0 ? `${firstPart(content, HISTORY_CHARACTERS)}…` : content;
    lines.unshift(`${role === 'user' ? 'User' : 'Assistant'}: ${storableText(said)}`);
  }
  if (lines.length === 0) return asked;

  return `This is what was said so far:\n\n${lines.join('\n\n')}\n\nUser: ${asked}`;
}
