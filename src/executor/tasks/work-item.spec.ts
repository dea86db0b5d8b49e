import { describe, expect, it } from '@jest/globals';
import { readLine, secretsOf } from './work-item.js';

const WORK = {
  ...{ subtask_id: 5, task_id: 7, auth_token: 'the-token', prompt: 'Hi', mode: 'route', task_title: 'T' },
  ...{ git_url: 'https://git.example/a/b.git', branch_name: 'main' },
  user: { git_token: 'ghp_secret', git_login: 'ann', git_email: null, git_id: '12' },
  bot: [
    {
      ...{ id: 3, name: 'coder', shell_type: 'ClaudeCode', system_prompt: 'P', skills: ['a', 1], role: null },
      agent_config: { env: { model_id: 'm', api_key: 'sk-key', custom_headers: { 'x-a': 'header-value' } } },
      mcp_servers: { s: { command: 'x', env: { SOME: 'env-value' } } },
    },
  ],
  conch: { api_url: 'http://127.0.0.1:1/api/', executor_name: 'e' },
};

describe('readLine', () => {
  it('reads a subtask', () => {
    const line = readLine(JSON.stringify(WORK), 'other');
    if (line.kind !== 'work') throw new Error(line.kind);
    expect(line.work).toMatchObject({
      ...{ subtaskId: 5, taskId: 7, apiUrl: 'http://127.0.0.1:1/api', executorName: 'e', mode: 'route' },
      repository: { url: 'https://git.example/a/b.git', branch: 'main', token: 'ghp_secret' },
      author: { login: 'ann', email: null, gitId: '12' },
    });
    expect(line.work.bots[0].skills).toEqual(['a']);
    expect(secretsOf(line.work).sort()).toEqual(['env-value', 'ghp_secret', 'header-value', 'sk-key', 'the-token']);
  });

  it.each([
    ['not JSON', 'no JSON'],
    ['no ids', JSON.stringify({ ...WORK, subtask_id: '5' })],
    ['no token', JSON.stringify({ ...WORK, auth_token: '' })],
    ['no API', JSON.stringify({ ...WORK, conch: { api_url: 'there' } })],
    ['no bot', JSON.stringify({ ...WORK, bot: [] })],
  ])('refuses a line with %s, without its content', (_what, line) => {
    const read = readLine(line, 'e');
    expect(read.kind).toBe('invalid');
    expect(JSON.stringify(read)).not.toMatch(/sk-key|ghp_/);
  });

  it('reads the end', () => {
    expect(readLine('{"conch":{"stop":true}}', 'e')).toEqual({ kind: 'stop' });
  });
});
