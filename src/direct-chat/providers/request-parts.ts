/** Parts of the requests to both providers. */
import { AppError } from '../../common/app-error.js';
import type { ChatMessage, ModelSettings } from '../../common/contracts/chat-provider.js';
import type { ProviderPost } from '../../infra/http/client/provider-http.js';
import { parseUrl } from '../../infra/http/client/axios-client.js';
import { storableText } from '../../common/text/storable.js';

/** A request for an answer. */
export type ModelPost = ProviderPost & { url: URL };

/** Headers of the connection, which a model cannot set. */
const RESERVED_HEADERS = new Set(['connection', 'content-length', 'transfer-encoding', 'upgrade', 'expect']);

/**
 * Converts messages to turns that every server accepts: the user's first and last, roles alternating, none empty. Claude answers 400 to
 * empty content and to a trailing assistant turn; older gateways and chat templates also to two turns of one role.
 */
export function normalizeTurns(messages: readonly ChatMessage[]): ChatMessage[] {
  const turns: ChatMessage[] = [];
  for (const { role, content: text } of messages) {
    const content = storableText(text);
    const last = turns.at(-1);
    if (content.trim() === '' || (!last && role === 'assistant')) continue;
    if (last?.role === role) last.content += `\n\n${content}`;
    else turns.push({ role, content });
  }
  if (turns.at(-1)?.role === 'assistant') turns.pop();
  if (turns.length === 0) throw new AppError('provider_bad_request', 'There is no prompt to send to the model');

  return turns;
}

/** Merges headers, with names in lower case; those of the model win. */
export function mergeHeaders(base: Record<string, string>, model: ModelSettings): Record<string, string> {
  const headers = { 'content-type': 'application/json', ...base };
  return { ...headers, ...ownHeaders(model) };
}

/** Returns the headers of a model, with names in lower case. */
export function ownHeaders(model: ModelSettings): Record<string, string> {
  const entries = Object.entries(model.headers).map(([name, value]) => [name.toLowerCase().trim(), value] as const);
  return Object.fromEntries(entries.filter(([name]) => name !== '' && !RESERVED_HEADERS.has(name)));
}

/** Returns the base URL with its path replaced; a query string is kept. */
export function endpoint(baseUrl: string, path: (basePath: string, url: URL) => string): URL {
  const url = parseUrl(baseUrl);
  url.pathname = path(url.pathname.replace(/\/+$/, ''), url);
  url.hash = '';

  return url;
}

/** Omits undefined fields. */
export function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
