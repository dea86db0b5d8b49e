import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { LiveEvent } from '../../reporting/live-event.js';
import type { EngineError } from '../engine.js';
import { crashError, resultError } from './claude-errors.js';
import { ClaudeOutput } from './claude-output.js';

/** What the program leads to when it writes these lines. */
function read(lines: readonly (string | object)[]) {
  const events: LiveEvent[] = [];
  const sessions: string[] = [];
  const errors: EngineError[] = [];
  const output = new ClaudeOutput({
    onEvent: (event) => events.push(event),
    onSession: (id) => sessions.push(id),
    onHopeless: (error) => errors.push(error),
  });
  for (const line of lines) output.read(typeof line === 'string' ? line : JSON.stringify(line));
  const textOf = (type: string) =>
    events.map((event) => (event.type === type && 'content' in event ? event.content : '')).join('');

  return { output, events, sessions, errors, text: textOf('content'), reasoning: textOf('reasoning') };
}

/** Lines that version 2.1.197 has written. */
const recorded = (name: string) =>
  readFileSync(`src/executor/engines/claude-code/__fixtures__/${name}.jsonl`, 'utf8').trim().split('\n');
const stepsOf = (events: readonly LiveEvent[]) => events.filter((event) => event.type === 'step');

describe('recorded output', () => {
  it('of a tool call has text, reasoning, the step and the usage', () => {
    const { events, sessions, text, reasoning, output } = read(recorded('tool-call'));
    expect(sessions).toEqual(['5c7a7022-13df-4784-b338-08628427a5a1']);
    expect(text).toBe('Working.\n\nAll done');
    expect(reasoning).toBe('r0    r1    r2    \n\nr0    r1    r2    ');
    const steps = stepsOf(events);
    expect(steps[0]).toMatchObject({ kind: 'tool', title: 'Bash', status: 'running' });
    expect(steps.at(-1)).toMatchObject({
      ...{ title: 'Bash: echo hi > a.txt;cat a.txt;env|grep ANTHROPIC', status: 'succeeded', node_type: 'Bash' },
      detail: { result: expect.stringMatching(/^hi\n/) },
      elapsed_ms: expect.any(Number),
    });
    expect(new Set(steps.map(({ step_id }) => step_id)).size).toBe(1);
    expect(events.findLast(({ type }) => type === 'usage')).toEqual({
      ...{ type: 'usage', input_tokens: 6481, output_tokens: 9, total_tokens: 6490 },
      ...{ cost: 0.03263, currency: 'USD' },
    });
    expect(output.result && resultError(output.result)).toBeNull();
  });

  it('of a sub-agent has its calls below the call of the agent, and its text in the result alone', () => {
    const { events, text } = read(recorded('sub-agent'));
    const steps = [...new Map(stepsOf(events).map((step) => [step.step_id, step])).values()];
    expect(steps.map(({ title, status }) => [title, status])).toEqual([
      ['Task: sub work', 'succeeded'],
      ['Bash: echo sub', 'succeeded'],
    ]);
    expect(steps[1]?.parent_id).toBe(steps[0]?.step_id);
    expect(steps[0]?.detail?.['result']).toContain('subdone');
    expect(text).toBe('ok');
  });
});

describe('other output', () => {
  const end = (more: object) => ({ type: 'result', subtype: 'success', is_error: false, result: 'r', ...more });
  const message = (content: object[], more: object = {}) => ({
    ...{ type: 'assistant', parent_tool_use_id: null, ...more },
    message: { id: 'm1', model: 'claude-x', content },
  });

  it('without pieces counts by its messages', () => {
    const { text, reasoning } = read([
      message([{ type: 'thinking', thinking: 'Hm.' }]),
      message([{ type: 'text', text: 'One.' }]),
      message([{ type: 'text', text: 'Two.' }]),
      end({}),
    ]);
    expect([text, reasoning]).toEqual(['One.\n\nTwo.', 'Hm.']);
  });

  it('of the program alone is the answer, unless it is an error', () => {
    const synthetic = {
      ...message([]),
      message: { model: '<synthetic>', content: [{ type: 'text', text: 'API Error' }] },
    };
    expect(read([synthetic, end({ result: 'Costs: none' })]).text).toBe('Costs: none');
    expect(read([synthetic, end({ is_error: true })]).text).toBe('');
  });

  it('of failed tools has their errors', () => {
    const { events } = read([
      message([{ type: 'tool_use', id: 't', name: 'mcp__github__get_issue', input: { query: 'a\nb' } }]),
      {
        type: 'user',
        message: { content: [{ type: 'tool_result', tool_use_id: 't', is_error: true, content: 'x'.repeat(5000) }] },
      },
      { type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: 'unknown' }] } },
    ]);
    const [, failed] = stepsOf(events);
    expect(failed).toMatchObject({ status: 'failed', title: 'get_issue (github): a' });
    expect(failed?.error?.length).toBeLessThan(1500);
  });

  it('about another attempt is a step, and a refused key is the end', () => {
    const retry = { type: 'system', subtype: 'api_retry', attempt: 2, error_status: 529, error: 'overloaded' };
    const start = { type: 'stream_event', event: { type: 'message_start', message: { id: 'm' } } };
    const { events, errors } = read([retry, start, { ...retry, error_status: 401 }]);
    expect(stepsOf(events).map(({ status }) => status)).toEqual(['retrying', 'succeeded']);
    expect(errors).toMatchObject([{ code: 'provider_auth' }]);
  });
});

describe('failures', () => {
  it.each([
    [404, 'There is an issue with the model', 'provider_not_found'],
    [400, 'Prompt is too long', 'context_too_long'],
    [400, 'Credit balance is too low', 'provider_bad_request'],
    [429, 'slow down', 'provider_rate_limited'],
    [502, 'Bad gateway', 'provider_unavailable'],
    [null, 'API Error: Unable to connect to API (ECONNREFUSED)', 'provider_unavailable'],
    [null, 'something', undefined],
  ])('%s %s: %s', (status, result, code) => {
    const error = resultError({ subtype: 'success', is_error: true, api_error_status: status, result });
    expect(error).toMatchObject({ message: result, code });
  });

  it('name the limit, or what the program says', () => {
    expect(resultError({ subtype: 'error_max_turns', is_error: true })?.message).toMatch(/limit of turns/);
    expect(resultError({ subtype: 'error_during_execution', errors: ['a', 'b'] })?.message).toBe('a; b');
    expect(crashError({ code: 1, signal: null, stderr: 'source\nerror: bubblewrap is required\n at x' }).message).toBe(
      'Claude Code ended with the exit code 1: error: bubblewrap is required',
    );
  });
});
