import { describe, expect, it } from '@jest/globals';
import { SecretBox } from '../common/secrets/secret-box.js';
import { openServers, sealServers, tryOpenServers } from './bot-servers.js';

const box = new SecretBox(['ab'.repeat(32)]);
const SERVERS = { git: { env: { GIT_TOKEN: 'ghp_0123456789abcd' } } };

describe('MCP servers at rest', () => {
  it('are encrypted, and not again when they have not changed', () => {
    const stored = sealServers(SERVERS, box, null);

    expect(JSON.stringify(stored)).not.toContain('ghp_');
    expect(openServers(stored, box)).toEqual(SERVERS);
    expect(sealServers(SERVERS, box, stored)).toEqual(stored);
    expect(sealServers({}, box, stored)).toEqual({ mcpServers: {}, mcpServersSealed: null });
  });

  it('are read in clear as well, from a version that did not encrypt them', () => {
    const older = { mcpServers: SERVERS, mcpServersSealed: null };
    const overwritten = { ...sealServers({ old: {} }, box, null), mcpServers: SERVERS };

    expect([openServers(older, box), openServers(overwritten, box)]).toEqual([SERVERS, SERVERS]);
  });

  it('are empty in replies when the key is gone, and missing where they are needed', () => {
    const stored = sealServers(SERVERS, new SecretBox(['cd'.repeat(32)]), null);

    expect(tryOpenServers(stored, box)).toEqual({});
    expect(() => openServers(stored, box)).toThrow('not in ENCRYPTION_KEY');
  });
});
