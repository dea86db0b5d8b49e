import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CLAUDE_CASES } from './claude-cases.js';
import { generatedText, reasoningText, type Simulator, startSimulator, unicodeText } from '../simulator.js';

let simulator: Simulator;
let client: Anthropic;

beforeAll(async () => {
  simulator = await startSimulator();
  client = new Anthropic({ baseURL: `${simulator.url}/claude`, apiKey: 'sk-ant-sim', maxRetries: 0 });
});
afterAll(() => simulator.close());

/** What the official client makes of a script. */
function ask(script: string, more: Partial<Anthropic.MessageStreamParams> = {}) {
  return client.messages.stream({
    model: 'sim:rate=0',
    max_tokens: 4096,
    messages: [{ role: 'user', content: `Hello [sim ${script}]` }],
    ...more,
  });
}

/** Posts as a correct client does, save for `change`; undefined takes a header away. */
function post(body: unknown, change: Record<string, string | undefined> = {}): Promise<Response> {
  const headers = new Headers({ 'anthropic-version': '2023-06-01', 'x-api-key': 'k' });
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined) headers.delete(name);
    else headers.set(name, value);
  }
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(`${simulator.url}/claude/v1/messages`, { method: 'POST', headers, body: text });
}

const GOOD = { model: 'sim', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] };

describe('Claude streams, read by the official client', () => {
  it('answers with text and usage', async () => {
    const stream = ask('tokens=50');
    const message = await stream.finalMessage();
    expect(await stream.finalText()).toBe(generatedText(50));
    expect(message).toMatchObject({ model: 'sim:rate=0', stop_reason: 'end_turn', role: 'assistant' });
    expect(message.id).toMatch(/^msg_01\w{22}$/);
    expect(message.usage.output_tokens).toBe(50);
    expect(message.usage.input_tokens).toBeGreaterThan(5);
    expect(stream.request_id).toMatch(/^req_011C/);
  });

  it.each([
    ...['pings', 'unknown-events', 'crlf', 'two-message-deltas', 'many-in-one', 'one-over-many', 'happy', 'slow'],
  ])('%s gives the plain answer', async (name) => {
    const message = await ask(`case=${name} tokens=10 rate=0`).finalMessage();
    expect(message.content).toMatchObject([{ type: 'text', text: generatedText(10) }]);
    expect(message.usage.output_tokens).toBe(10);
  });

  it('splits characters, and the client puts them together', async () => {
    expect(await ask('case=utf8-split tokens=5').finalText()).toBe(unicodeText(5));
  });

  it('paces', async () => {
    expect(await ask('tokens=6 rate=200 delay=5 headers_delay=5').finalText()).toBe(generatedText(6));
  });

  it('thinks', async () => {
    const { content, usage } = await ask('case=thinking tokens=4 reasoning=3').finalMessage();
    expect(content).toMatchObject([
      { type: 'thinking', thinking: reasoningText(3) },
      { type: 'text', text: generatedText(4) },
    ]);
    expect(usage).toMatchObject({ output_tokens: 7, output_tokens_details: { thinking_tokens: 3 } });
    expect((await ask('case=thinking-omitted').finalMessage()).content).toMatchObject([
      { type: 'thinking', thinking: '', signature: expect.stringMatching(/^Eq/) },
      { type: 'text' },
    ]);
    expect((await ask('case=redacted-thinking').finalMessage()).content).toMatchObject([
      { type: 'redacted_thinking' },
      { type: 'text', text: generatedText(20) },
    ]);
  });

  it('calls the first tool of the request', async () => {
    const tools: Anthropic.Tool[] = [{ name: 'look_up', input_schema: { type: 'object' } }];
    const { content, stop_reason } = await ask('case=tool-use', { tools }).finalMessage();
    expect(stop_reason).toBe('tool_use');
    expect(content[1]).toMatchObject({
      type: 'tool_use',
      name: 'look_up',
      input: { location: 'San Francisco, CA', unit: 'celsius' },
    });
  });

  it('stops for other reasons', async () => {
    expect(await ask('case=refusal').finalMessage()).toMatchObject({
      content: [],
      stop_reason: 'refusal',
      stop_details: { type: 'refusal', category: 'cyber' },
    });
    expect(await ask('case=empty').finalMessage()).toMatchObject({ content: [], stop_reason: 'end_turn' });
    expect(await ask('case=max-tokens').finalMessage()).toMatchObject({ stop_reason: 'max_tokens' });
    const cut = await ask('tokens=20', { max_tokens: 5 }).finalMessage();
    expect(cut).toMatchObject({ stop_reason: 'max_tokens', content: [{ text: generatedText(5) }] });
  });

  it('raises errors in mid-stream', async () => {
    const overloaded = { type: 'overloaded_error' };
    await expect(ask('case=error-first').finalMessage()).rejects.toMatchObject(overloaded);
    const stream = ask('case=error-after-text after=4');
    let text = '';
    stream.on('text', (delta) => (text += delta));
    await expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIError);
    expect(text).toBe(generatedText(4));
  });

  it.each(['eof-after-text', 'disconnect'])('%s is no answer', async (name) => {
    await expect(ask(`case=${name}`).finalMessage()).rejects.toBeInstanceOf(Anthropic.AnthropicError);
    expect(simulator.requests.at(-1)).not.toHaveProperty('aborted_at');
  });

  it('can leave the names of the events out', async () => {
    const body = { ...GOOD, model: 'sim:rate=0,tokens=2,case=no-event-names', stream: true };
    const text = await (await post(body)).text();
    expect(text).not.toMatch(/^event:/m);
    expect(text.match(/^data: /gm)?.length).toBe(8);
  });

  it('answers with JSON when asked, or against the request', async () => {
    const message = await client.messages.create({ ...GOOD, messages: [{ role: 'user', content: '[sim tokens=3]' }] });
    expect(message.content).toMatchObject([{ type: 'text', text: generatedText(3) }]);
    const reply = await post({ ...GOOD, model: 'sim:case=json-reply', stream: true });
    expect(reply.headers.get('content-type')).toBe('application/json');
  });
});

describe('Claude errors', () => {
  it.each([
    ['rate-limited', 429, Anthropic.RateLimitError],
    ['overloaded', 529, Anthropic.InternalServerError],
    ['server-error', 500, Anthropic.InternalServerError],
    ['auth', 401, Anthropic.AuthenticationError],
    ['permission', 403, Anthropic.PermissionDeniedError],
    ['not-found', 404, Anthropic.NotFoundError],
    ['prompt-too-long', 400, Anthropic.BadRequestError],
    ['too-large-html', 413, Anthropic.APIError],
    ['html-502', 502, Anthropic.InternalServerError],
    ['http-error status=402', 402, Anthropic.APIError],
  ])('%s is a %i', async (name, status, type) => {
    const failure = ask(`case=${name}`).finalMessage();
    await expect(failure).rejects.toBeInstanceOf(type);
    await expect(failure).rejects.toMatchObject({ status });
  });

  it('lets the client through after the first failures', async () => {
    const retrying = client.withOptions({ maxRetries: 2 });
    const content = '[sim case=rate-limited retry_after=0.01 times=2 key=claude-retry tokens=2]';
    const message = await retrying.messages.create({ ...GOOD, messages: [{ role: 'user', content }] });
    expect(message.content).toMatchObject([{ text: generatedText(2) }]);
    expect(simulator.requests.slice(-3).map((request) => request.status)).toEqual([429, 429, 200]);
  });

  it.each<[string, number, object | string, Record<string, string | undefined>]>([
    ['x-api-key header is required', 401, GOOD, { 'x-api-key': undefined }],
    ['invalid bearer token: bad-key', 401, GOOD, { 'x-api-key': undefined, authorization: 'Bearer bad-key' }],
    ['anthropic-version: header is required', 400, GOOD, { 'anthropic-version': undefined }],
    ['Only one of', 400, GOOD, { authorization: 'Bearer k' }],
    ['bad-key', 401, GOOD, { 'x-api-key': 'bad-key' }],
    ['is not a valid version', 400, GOOD, { 'anthropic-version': '2020-01-01' }],
    ['temperature: Extra inputs', 400, { ...GOOD, temperature: 1 }, { 'anthropic-version': '2026-10-21' }],
    ['stream_options: Extra inputs', 400, { ...GOOD, stream_options: {} }, {}],
    ['max_tokens: Field required', 400, { model: 'sim', messages: GOOD.messages }, {}],
    ['not valid JSON', 400, '{', {}],
    ['at least one message', 400, { ...GOOD, messages: [] }, {}],
    ['first message must use', 400, { ...GOOD, messages: [{ role: 'assistant', content: 'a' }] }, {}],
    ['prefill', 400, { ...GOOD, messages: [...GOOD.messages, { role: 'assistant', content: 'a' }] }, {}],
    ['non-empty content', 400, { ...GOOD, messages: [{ role: 'user', content: '' }] }, {}],
    ['must be non-empty', 400, { ...GOOD, messages: [{ role: 'user', content: [{ type: 'text', text: '' }] }] }, {}],
    ['budget_tokens', 400, { ...GOOD, thinking: { type: 'enabled', budget_tokens: 2000 } }, {}],
    ['Known cases: happy', 400, { ...GOOD, model: 'sim:case=nope' }, {}],
    ['has no status', 400, { ...GOOD, model: 'sim:case=pings,status=500' }, {}],
  ])('refuses a request: %s', async (text, status, body, headers) => {
    const reply = await post(body, headers);
    const json = (await reply.json()) as { type: string; error: { message: string } };
    expect(reply.status).toBe(status);
    expect(json.type).toBe('error');
    expect(json.error.message).toContain(text);
  });

  it('knows every case by one name', () => {
    expect(new Set(CLAUDE_CASES).size).toBe(CLAUDE_CASES.length);
  });
});

describe('tool calls', () => {
  const QUESTION = { role: 'user', content: 'Go [sim run=echo%20one%0Aecho%20two say=Now. text=Done rate=0]' } as const;

  /** Answers calls until there is none. @returns what the answers had, in order */
  async function converse(messages: Anthropic.MessageParam[]): Promise<unknown[]> {
    const { content, stop_reason } = await client.messages
      .stream({ model: 'sim', max_tokens: 100, messages })
      .finalMessage();
    const parts = content.map((block) => (block.type === 'tool_use' ? block.input : 'text' in block && block.text));
    const results = content.flatMap((block) =>
      block.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'ok' }] : [],
    );
    if (stop_reason !== 'tool_use') return parts;

    return [
      ...parts,
      ...(await converse([...messages, { role: 'assistant', content }, { role: 'user', content: results }])),
    ];
  }

  it('come one after the other, and then the text', async () => {
    const parts = await converse([QUESTION]);
    expect(parts).toEqual([
      ...['Now.', { command: 'echo one', description: 'Runs echo one' }],
      ...['Now.', { command: 'echo two', description: 'Runs echo two' }, 'Done'],
    ]);
  });

  it('may be of any tool', async () => {
    const content = 'Go [sim tool=Read input=%7B%22file_path%22:%22a%22%7D text=Done rate=0]';
    expect(await converse([{ role: 'user', content }])).toEqual([{ file_path: 'a' }, 'Done']);
    expect((await post({ ...GOOD, messages: [{ role: 'user', content: '[sim tool=Read input=no]' }] })).status).toBe(
      400,
    );
  });
});

describe('what Claude Code sends', () => {
  const BETA = { 'anthropic-beta': 'claude-code-20250219,mid-conversation-system-2026-04-07' };
  const messages = [...GOOD.messages, { role: 'system', content: 'Agents: none' }];

  it('is accepted', async () => {
    expect((await fetch(`${simulator.url}/claude`, { method: 'HEAD' })).status).toBe(200);
    const extras = {
      thinking: { type: 'adaptive' },
      context_management: { edits: [] },
      output_config: { effort: 'high' },
    };
    expect((await post({ ...GOOD, messages, ...extras }, BETA)).status).toBe(200);
  });

  it('needs its beta', async () => {
    expect((await post({ ...GOOD, messages })).status).toBe(400);
  });
});
