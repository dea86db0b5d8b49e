/** The MCP servers of a bot at rest: their environment, headers and arguments hold secrets. */
import type { JsonObject } from '../common/text/json.js';
import type { SecretBox } from '../common/secrets/secret-box.js';
import { openConfig, sealConfig, tryOpenConfig } from './agent-config.js';
import type { BotRow } from './bots.repository.js';

/**
 * How they are stored: encrypted; in clear only by a version that did not encrypt them. Such a version may still run, and
 * what it has written is newer.
 */
export type StoredServers = Pick<BotRow, 'mcpServers' | 'mcpServersSealed'>;

/** Column values for servers. Unchanged ones are not encrypted again. */
export function sealServers(servers: JsonObject, box: SecretBox, stored: StoredServers | null): StoredServers {
  return { mcpServers: {}, mcpServersSealed: sealConfig(servers, box, stored?.mcpServersSealed ?? null) };
}

/** Reads stored servers. @throws SecretBoxError when they cannot be decrypted any more */
export function openServers(stored: StoredServers, box: SecretBox): JsonObject {
  return isInClear(stored) ? stored.mcpServers : openConfig(stored.mcpServersSealed, box);
}

/** For replies: empty when they cannot be decrypted. */
export function tryOpenServers(stored: StoredServers, box: SecretBox): JsonObject {
  return isInClear(stored) ? stored.mcpServers : tryOpenConfig(stored.mcpServersSealed, box);
}

const isInClear = ({ mcpServers }: StoredServers) => Object.keys(mcpServers).length > 0;
