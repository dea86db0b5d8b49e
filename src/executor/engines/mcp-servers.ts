import { asObject, asText, isJsonObject, type JsonObject } from '../../common/text/json.js';

/** Kinds of servers that are reached by an address, as Wegent's bots and others write them. */
const HTTP_KINDS = new Set(['http', 'streamable-http', 'streamable_http', 'streamablehttp']);

/** The MCP servers of a bot in the form of Claude Code: `{name: {type: 'stdio' | 'http' | 'sse', …}}`. */
export function mcpServers(configured: JsonObject): Record<string, JsonObject> {
  const servers = asObject(configured['mcpServers']) ?? configured;
  const known = Object.entries(servers).filter((entry): entry is [string, JsonObject] => isJsonObject(entry[1]));

  return Object.fromEntries(known.map(([name, server]) => [name, { ...server, type: kindOf(server) }]));
}

function kindOf(server: JsonObject): string {
  const kind = (asText(server['type']) ?? asText(server['transport']) ?? '').toLowerCase();
  if (kind === 'sse' || HTTP_KINDS.has(kind)) return kind === 'sse' ? 'sse' : 'http';
  if (asText(server['url']) === undefined) return 'stdio';

  return /\/sse\/?$/.test(asText(server['url']) ?? '') ? 'sse' : 'http';
}
