/** What the requests of both providers are made of. */
import { AppError } from '../../common/app-error.js';
import type { ChatMessage, ModelSettings } from '../../common/chat-provider.js';
import type { ProviderPost } from '../../infra/http/client/provider-http.js';
import { parseUrl } from '../../infra/http/client/axios-client.js';

/** A request that asks for an answer. */
export type ModelPost = ProviderPost & { url: URL };

/** Framing of the connection, which is not the model's to set. */
const RESERVED_HEADERS = new Set(['connection', 'content-length', 'transfer-encoding', 'upgrade', 'expect']);

/**
 * Turns that every server accepts: the user's first and last, roles alternating, none empty. Claude answers 400 to
 * empty content and to a trailing assistant turn; older gateways and chat templates also to two turns of one role.
 */
export function normalizeTurns(messages: readonly ChatMessage[]): ChatMessage[] {
  const turns: ChatMessage[] = [];
  for (const { role, content } of messages) {
    const last = turns.at(-1);
    if (content.trim() === '' || (!last && role === 'assistant')) continue;
    if (last?.role === role) last.content += `\n\n${content}`;
    else turns.push({ role, content });
  }
  if (turns.at(-1)?.role === 'assistant') turns.pop();
  if (turns.length === 0) throw new AppError('provider_bad_request', 'There is no prompt to send to the model');

  return turns;
}

/** Header names in lower case; those of the model win. */
export function mergeHeaders(base: Record<string, string>, model: ModelSettings): Record<string, string> {
  const headers = { 'content-type': 'application/json', ...base };
  return { ...headers, ...ownHeaders(model) };
}

/** The headers that were set for this model, names in lower case. */
export function ownHeaders(model: ModelSettings): Record<string, string> {
  const entries = Object.entries(model.headers).map(([name, value]) => [name.toLowerCase().trim(), value] as const);
  return Object.fromEntries(entries.filter(([name]) => name !== '' && !RESERVED_HEADERS.has(name)));
}

/** The base URL with its path replaced; a query string stays at the end. */
export function endpoint(baseUrl: string, path: (basePath: string) => string): URL {
  const url = parseUrl(baseUrl);
  url.pathname = path(url.pathname.replace(/\/+$/, ''));
  url.hash = '';

  return url;
}

/** Leaves out what is undefined, so that a body holds nothing that was not asked for. */
export function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
