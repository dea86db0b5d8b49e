import { expect, it } from '@jest/globals';
import { readLine } from '../tasks/work-item.js';
import { mcpServers } from './mcp-servers.js';
import { modelConnection } from './model-connection.js';

function connectionOf(env: object) {
  const bot = [{ id: 1, agent_config: { env } }];
  const line = JSON.stringify({ subtask_id: 1, task_id: 1, auth_token: 't', bot, conch: { api_url: 'http://a/api' } });
  const read = readLine(line, 'e');
  if (read.kind !== 'work') throw new Error(read.kind);

  return modelConnection(read.work.bots[0], 'claude');
}

it.each([
  [
    { model: 'claude', model_id: 'm', api_key: 'k', base_url: 'https://a', custom_headers: { 'x-a': 1 } },
    { provider: 'claude', modelId: 'm', apiKey: 'k', baseUrl: 'https://a', headers: { 'x-a': '1' } },
  ],
  [
    { MODEL_TYPE: 'claude', MODEL_ID: 'm', API_KEY: '"Bearer k"', BASE_URL: ' https://a ' },
    { provider: 'claude', modelId: 'm', apiKey: 'k', baseUrl: 'https://a' },
  ],
  [
    { ANTHROPIC_MODEL: 'm', ANTHROPIC_AUTH_TOKEN: 't', ANTHROPIC_BASE_URL: 'https://a' },
    { provider: 'claude', modelId: 'm', apiKey: undefined, authToken: 't', baseUrl: 'https://a' },
  ],
  [{ ANTHROPIC_API_KEY: 'k', ANTHROPIC_CUSTOM_HEADERS: 'x-a: 1\nx-b: 2' }, { headers: { 'x-a': '1', 'x-b': '2' } }],
  [
    { model: 'openai', model_id: 'gpt', openai_api_key: 'k', anthropic_auth_token: 't' },
    { provider: 'openai', modelId: 'gpt', apiKey: 'k', authToken: undefined },
  ],
  [
    { model: 'claude-9', api_key: 'k' },
    { provider: 'claude', modelId: 'claude-9' },
  ],
])('%j is read', (env, connection) => {
  expect(connectionOf(env)).toMatchObject(connection);
});

it('writes MCP servers as Claude Code knows them', () => {
  const servers = {
    a: { command: 'x', args: ['y'] },
    b: { type: 'streamable-http', url: 'https://b/mcp' },
    c: { url: 'https://c/sse' },
    d: { transport: 'sse', url: 'https://d' },
    e: 'nothing',
  };
  const types = (given: object) =>
    Object.entries(mcpServers({ ...given })).map(([name, { type }]) => `${name} ${String(type)}`);
  expect(types(servers)).toEqual(['a stdio', 'b http', 'c sse', 'd sse']);
  expect(types({ mcpServers: servers })).toHaveLength(4);
});
