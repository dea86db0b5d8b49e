import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { env } from 'node:process';
import { Log } from '../../log.js';
import type { LiveEvent } from '../../reporting/live-event.js';
import { readLine } from '../../tasks/work-item.js';
import { AgnoEngine } from './agno.engine.js';

/** The package stands in for the real one. */
const PYTHONPATH = resolve('src/executor/engines/agno/__fixtures__');
const RUNNER = resolve('src/executor/engines/agno/agno_runner.py');

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'conch-agno-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

interface RunOptions {
  bots?: object[];
  mode?: string;
  signal?: AbortSignal;
  emit?: (event: LiveEvent) => void;
  python?: string;
  path?: string;
}

const MODEL = { model: 'openai', model_id: 'gpt', api_key: 'sk-key', base_url: 'http://llm/v1' };
const bot = (more: object) => ({ id: 3, name: 'coder', agent_config: { env: MODEL }, system_prompt: 'P', ...more });

/** Runs the real runner. @returns what the engine emits */
async function run(prompt: string, { bots = [bot({})], mode = '', ...options }: RunOptions = {}) {
  const events: LiveEvent[] = [];
  const ids = { subtask_id: 1, task_id: 7, auth_token: 't', conch: { api_url: 'http://a/api' } };
  const read = readLine(JSON.stringify({ ...ids, prompt, mode, bot: bots }), 'e');
  if (read.kind !== 'work') throw new Error(read.kind);
  await new AgnoEngine(RUNNER, options.python).run({
    ...{ work: read.work, directory, home: directory, sessionId: undefined, isRepeated: false },
    env: { PATH: env['PATH'], PYTHONPATH: options.path ?? PYTHONPATH },
    signal: options.signal ?? new AbortController().signal,
    emit: (event) => {
      events.push(event);
      options.emit?.(event);
    },
    onSession: () => undefined,
    log: new Log(() => undefined),
    hide: (text) => text,
  });
  const text = events.map((event) => (event.type === 'content' ? event.content : '')).join('');

  return { events, text };
}

describe('a run of one agent', () => {
  it('has text, reasoning, steps and usage', async () => {
    const { events, text } = await run('work');
    expect(text).toBe('Found it.');
    expect(events[0]).toEqual({ type: 'reasoning', content: 'Hm.' });
    expect(events.filter(({ type }) => type === 'step')).toMatchObject([
      { title: 'run_shell_command', status: 'running', detail: { input: '{"args":["ls"]}' } },
      { title: 'run_shell_command', status: 'succeeded', detail: { input: '{"args":["ls"]}', result: 'a.txt' } },
      { title: 'read_file', status: 'running' },
      { title: 'read_file', status: 'failed', error: 'no such file' },
    ]);
    expect(events.at(-1)).toEqual({ type: 'usage', input_tokens: 10, output_tokens: 5, total_tokens: 15 });
  });

  it('gets its model, its tools and its conversation', async () => {
    const env = { model: 'claude', model_id: 'claude-x', api_key: 'sk-key', base_url: 'http://llm' };
    const mcp_servers = { a: { url: 'https://a/mcp', headers: { h: 'v' } }, b: { command: 'x', args: ['y'] } };
    const { text } = await run('look', { bots: [bot({ agent_config: { env }, mcp_servers })] });
    expect(JSON.parse(text)).toEqual({
      ...{ session: 'task-7-3', instructions: 'P', database: join(directory, 'agno.db') },
      model: ['Claude', { id: 'claude-x', api_key: 'sk-key', client_params: { base_url: 'http://llm' } }],
      tools: ['FileTools', 'ShellTools', 'MCPTools', 'MCPTools'],
      mcp: [
        { transport: 'streamable-http', env: null, server_params: { url: 'https://a/mcp', headers: { h: 'v' } } },
        { command: 'x y', env: null, server_params: null },
      ],
    });
  });

  it.each([
    ['refuse', { message: 'too many requests', code: 'provider_rate_limited' }],
    ['error', { message: 'the run broke', code: undefined }],
  ])('fails by %s with the reason', async (prompt, error) => {
    await expect(run(prompt)).rejects.toMatchObject(error);
  });

  it('ends when it is cancelled', async () => {
    const cancelled = new AbortController();
    const emit = () => cancelled.abort(new Error('cancelled'));
    await expect(run('hang', { signal: cancelled.signal, emit })).rejects.toThrow('cancelled');
  });

  it('says what the image or the bot lacks', async () => {
    await expect(run('work', { path: '/nowhere' })).rejects.toThrow('Agno: the image has no Python package agno');
    await expect(run('work', { python: 'no-python' })).rejects.toThrow('The image has no program "python3"');
    await expect(run('work', { bots: [bot({ agent_config: {} })] })).rejects.toMatchObject({
      code: 'model_not_configured',
    });
  });
});

describe('a run of several', () => {
  it.each([
    ['coordinate', 'writer '],
    ['route', 'writer respond_directly'],
    ['collaborate', 'coder,writer delegate_to_all_members'],
  ])('in the mode %s is a team', async (mode, answer) => {
    const { text, events } = await run('work', { mode, bots: [bot({}), bot({ id: 4, name: 'writer' })] });
    expect(text).toBe(answer);
    const titles = events.flatMap((event) => (event.type === 'step' ? [event.title] : []));
    expect(new Set(titles)).toEqual(new Set(['delegate_task_to_member', expect.stringMatching(/: read_file$/)]));
    expect(events.at(-1)).toMatchObject({ type: 'usage', total_tokens: 30 });
  });
});
