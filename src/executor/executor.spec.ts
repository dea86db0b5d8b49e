import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../test/support/child.js';
import { botOf, ExecutorBench } from './executor.testing.js';

let bench: ExecutorBench;
beforeEach(async () => {
  bench = await ExecutorBench.start();
});
afterEach(() => bench.stop());

const isRunning = (pid: number) => {
  try {
    return /^State:\s+[^Z]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};
/** The process of the tool that hangs, once it runs. */
const toolPid = () =>
  eventually('the tool runs', () => {
    const file = join(bench.directory, 'workspace', 'repo', 'child.pid');

    return bench.desk.steps.length > 0 && existsSync(file) && Number(readFileSync(file, 'utf8'));
  });

describe('a subtask', () => {
  it('is answered live, and its end has the whole result', async () => {
    bench.executor().handOver(bench.line(1, 'hello'));
    const end = await bench.desk.ended(1);
    expect(end).toMatchObject({ status: 'COMPLETED', progress: 100, executor_name: 'conch-task-7' });
    expect(end.result).toMatchObject({ value: 'Hello world', session_id: expect.any(String) });
    expect(bench.desk.text).toBe('Hello world');
    expect(bench.desk.reports[0]).toMatchObject({ status: 'RUNNING', progress: 10 });
    expect(bench.desk.reports.map(({ seq }) => seq)).toEqual([...bench.desk.reports.map(({ seq }) => seq)].sort());
  });

  it('is answered after the one before', async () => {
    const executor = bench.executor();
    executor.handOver(bench.line(1, 'hello'));
    executor.handOver('no JSON');
    executor.handOver(bench.line(2, 'remember'));
    const end = await bench.desk.ended(2);
    expect(end.result?.value).toBe('hello\nremember\n');
    expect(bench.logs).toContain('is not a JSON object');
  });

  it.each([
    ['crash', 'Claude Code ended with the exit code 3: Error: it broke with ***'],
    ['killed', 'Claude Code ended with the signal SIGKILL'],
  ])('of a program that ends by %s fails with the reason, and keeps its text', async (action, message) => {
    bench.executor().handOver(bench.line(1, action));
    const end = await bench.desk.ended(1);
    expect(end).toMatchObject({ status: 'FAILED', error_message: message, result: { value: 'half' } });
    expect(bench.logs).not.toContain('sk-secret');
  });

  it('survives lines that mean nothing, and lines without an end', async () => {
    const executor = bench.executor();
    executor.handOver(bench.line(1, 'garbage'));
    executor.handOver(bench.line(2, 'huge'));
    expect(await bench.desk.ended(1)).toMatchObject({ status: 'COMPLETED', result: { value: 'fine' } });
    expect(await bench.desk.ended(2)).toMatchObject({ status: 'COMPLETED', result: { value: 'still fine' } });
    expect(bench.logs).toMatch(/written 3 lines that are no JSON objects[^]*too long/);
  });

  it('fails with the code of what the provider said', async () => {
    const executor = bench.executor();
    executor.handOver(bench.line(1, 'refused'));
    executor.handOver(bench.line(2, 'unauthorized'));
    expect(await bench.desk.ended(1)).toMatchObject({ status: 'FAILED', error_code: 'provider_overloaded' });
    expect(await bench.desk.ended(2)).toMatchObject({ status: 'FAILED', error_code: 'provider_auth' });
  });

  it('without a key of its model fails before anything is started', async () => {
    bench.executor().handOver(bench.line(1, 'hello', { bot: [botOf({ agent_config: { env: { model: 'claude' } } })] }));
    expect(await bench.desk.ended(1)).toMatchObject({ status: 'FAILED', error_code: 'model_not_configured' });
  });
});

describe('the program', () => {
  it('gets secrets by its environment and by private files alone, which are removed', async () => {
    const mcp = { tools: { url: 'https://mcp.example/sse', headers: { authorization: 'Bearer of-the-tools' } } };
    const custom_headers = { 'x-team': 'blue' };
    const env = {
      MODEL_ID: 'claude-y',
      API_KEY: 'sk-secret-of-the-model',
      BASE_URL: 'https://llm.example/v1',
      custom_headers,
    };
    const leader = botOf({
      system_prompt: 'Be kind.',
      mcp_servers: mcp,
      agent_config: { env: { MODEL_TYPE: 'claude', ...env } },
    });
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('conch-run-'));
    const helper = botOf({ id: 4, name: 'Dr. Test', role: 'tester', system_prompt: 'Test it.' });
    bench.executor().handOver(bench.line(1, 'look', { bot: [leader, helper] }));
    const { result } = await bench.desk.ended(1);
    const seen = JSON.parse(result?.value ?? '') as { args: string[]; env: object; system: string; mcp: string };
    expect(seen.env).toEqual({
      ...{ ANTHROPIC_API_KEY: 'sk-secret-of-the-model', ANTHROPIC_BASE_URL: 'https://llm.example' },
      ...{
        ANTHROPIC_CUSTOM_HEADERS: 'x-team: blue',
        ANTHROPIC_MODEL: 'claude-y',
        ANTHROPIC_SMALL_FAST_MODEL: 'claude-y',
      },
    });
    expect(seen.args.join(' ')).not.toMatch(/sk-secret|of-the-tools|look/);
    expect(JSON.parse(seen.args.at(-1) ?? '')).toEqual({
      'dr-test-4': { description: 'tester: Dr. Test', prompt: 'Test it.' },
    });
    expect(seen.system).toBe('Be kind.');
    expect(JSON.parse(seen.mcp)).toEqual({ mcpServers: { tools: { ...mcp.tools, type: 'sse' } } });
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('conch-run-'))).toEqual(before);
  });

  it('goes on with its session in another container, and with a new one when it is gone', async () => {
    bench.executor().handOver(bench.line(1, 'hello'));
    const session = (await bench.desk.ended(1)).result?.['session_id'];
    bench.executor().handOver(bench.line(2, 'remember'));
    expect((await bench.desk.ended(2)).result?.value).toBe('hello\nremember\n');
    rmSync(join(bench.directory, 'workspace', '.home', '.claude', String(session)));
    bench.executor().handOver(bench.line(3, 'remember'));
    expect((await bench.desk.ended(3)).result?.value).toBe('remember\n');
    expect(bench.logs).toContain('the session of the earlier turns is gone: a new one begins');
  });

  it('says that it has an empty workspace when the turns before were at another manager', async () => {
    const elsewhere = { executor_name: 'conch-task-7-0a1b' };
    bench.executor().handOver(bench.line(1, 'hello', elsewhere));
    await bench.desk.ended(1);
    expect(bench.desk.steps.find(({ step_id: id }) => id === 'workspace')?.['detail']).toMatchObject({
      output: expect.stringContaining('begins with an empty workspace'),
    });
    bench.desk.forget();
    bench.executor().handOver(bench.line(2, 'remember', elsewhere));
    await bench.desk.ended(2);
    expect(bench.desk.steps.filter(({ step_id: id }) => id === 'workspace')).toEqual([]);
  });

  it('hears that an earlier attempt at the same turn was interrupted', async () => {
    const first = bench.executor();
    first.handOver(bench.line(1, 'slowly'));
    await eventually('the answer has begun', () => bench.desk.text !== '');
    first.stop();
    await eventually('it has stopped', () => bench.logs.includes('is being stopped'));
    expect(bench.desk.reports.filter(({ status }) => status !== 'RUNNING')).toEqual([]);
    bench.desk.forget();
    bench.executor().handOver(bench.line(1, 'remember'));
    expect((await bench.desk.ended(1)).result?.value).toMatch(/^slowly\nremember\n\n\(An earlier attempt/);
  });
});

describe('a cancel', () => {
  it('ends the program and all that it has started, and reports what there is', async () => {
    bench.executor().handOver(bench.line(1, 'hang'));
    const pid = await toolPid();
    expect(isRunning(pid)).toBe(true);
    bench.desk.cancelling = true;
    const end = await bench.desk.ended(1);
    expect(end).toMatchObject({ status: 'CANCELLED', result: { value: 'begun', steps: [{ status: 'failed' }] } });
    expect(isRunning(pid)).toBe(false);
  });
});

describe('an API that is away', () => {
  it('gets everything when it is back', async () => {
    bench.executor().handOver(bench.line(1, 'slowly'));
    await eventually('the answer has begun', () => bench.desk.text.includes('w1 '));
    bench.desk.isAway = true;
    await eventually('it is missed', () => bench.logs.includes('cannot be reached'));
    bench.desk.isAway = false;
    const text = Array.from({ length: 20 }, (_, index) => `w${index} `).join('');
    expect((await bench.desk.ended(1)).result?.value).toBe(text);
    expect(bench.desk.text).toBe(text);
    expect(bench.logs).toContain('can be reached again');
  });

  it('gets one text in place of more events than are kept', async () => {
    bench.desk.isAway = true;
    bench.executor().handOver(bench.line(1, 'flood'));
    await eventually('the answer is whole', () => bench.logs.includes('too large'));
    bench.desk.isAway = false;
    const { result } = await bench.desk.ended(1);
    expect(bench.desk.text === result?.value).toBe(true);
    expect(bench.desk.events.some(({ type }) => type === 'replace')).toBe(true);
  });

  it('is given up after some time, and gets the whole answer from the next container', async () => {
    bench.desk.isAway = true;
    const executor = bench.executor({ endPatienceMs: 0 });
    executor.handOver(bench.line(1, 'hello'));
    await eventually('the end is given up', () => bench.logs.includes('ended, but the API does not know'));
    bench.desk.isAway = false;
    bench.executor().handOver(bench.line(1, 'hello'));
    expect(await bench.desk.ended(1)).toMatchObject({ status: 'COMPLETED', result: { value: 'Hello world' } });
    expect(bench.logs).toContain('begins again, with the answer of before');
    bench.executor().handOver(bench.line(2, 'remember'));
    expect((await bench.desk.ended(2)).result?.value).toBe('hello\nremember\n');
  });
});

describe('what the API says', () => {
  it('events_gap: the whole text comes again', async () => {
    bench.executor().handOver(bench.line(1, 'slowly'));
    await eventually('the answer has begun', () => bench.desk.text.includes('w3 '));
    bench.desk.forget();
    const { result } = await bench.desk.ended(1);
    expect(bench.desk.text).toBe(result?.value);
  });

  it.each([
    [409, 'lease_lost'],
    [409, 'subtask_final'],
    [401, 'unauthorized'],
  ])('%s %s: the program ends, and nothing is reported', async (status, code) => {
    const executor = bench.executor();
    executor.handOver(bench.line(1, 'hang'));
    const pid = await toolPid();
    bench.desk.eventAnswers.push({ status, body: { code } });
    await eventually('its process has ended', () => !isRunning(pid));
    executor.handOver(bench.line(2, 'hello'));
    await bench.desk.ended(2);
    expect(bench.desk.reports.filter((report) => report.subtask_id === 1 && report.status !== 'RUNNING')).toEqual([]);
  });

  it('422: the events are left out, and the text goes on', async () => {
    bench.executor().handOver(bench.line(1, 'slowly'));
    await eventually('the answer has begun', () => bench.desk.text.includes('w1 '));
    bench.desk.eventAnswers.push({ status: 422, body: { code: 'validation_failed' } });
    const { result } = await bench.desk.ended(1);
    expect(bench.desk.text).toBe(result?.value);
  });

  it('413: the end comes again with a smaller result; 503: with the same one', async () => {
    const executor = bench.executor();
    executor.handOver(bench.line(1, 'change'));
    await eventually('it has begun', () => bench.desk.reports.length > 0);
    bench.desk.reportAnswers.push({ status: 503, body: {} }, { status: 413, body: {} }, { status: 413, body: {} });
    const end = await bench.desk.ended(1);
    expect(end).toMatchObject({ status: 'COMPLETED', result: { value: 'changed' } });
    expect(Object.keys(end.result ?? {}).sort()).toEqual(['session_id', 'value']);
  });
});

it('ends after its work when the manager says so', async () => {
  const executor = bench.executor();
  executor.handOver(bench.line(1, 'hello'));
  executor.handOver('{"conch":{"stop":true}}');
  executor.handOver(bench.line(2, 'hello'));
  expect((await bench.desk.ended(1)).status).toBe('COMPLETED');
  await executor.run();
  expect(bench.desk.reports.some(({ subtask_id }) => subtask_id === 2)).toBe(false);
});
