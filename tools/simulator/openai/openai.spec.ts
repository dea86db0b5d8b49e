import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { OPENAI_CASES } from './openai-cases.js';
import { generatedText, reasoningText, type Simulator, startSimulator, unicodeText } from '../simulator.js';

type Chunk = OpenAI.ChatCompletionChunk;

let simulator: Simulator;
let client: OpenAI;

beforeAll(async () => {
  simulator = await startSimulator();
  client = new OpenAI({ baseURL: `${simulator.url}/openai/v1`, apiKey: 'sk-sim', maxRetries: 0 });
});
afterAll(() => simulator.close());

interface Heard {
  chunks: Chunk[];
  text: string;
  finish: string | null | undefined;
  /** Every text of the field, over all deltas. */
  field(name: string): string;
}

/** What the official client makes of a script; `seen` keeps the chunks when it throws. */
async function ask(script: string, more: object = {}, seen: Chunk[] = []): Promise<Heard> {
  const stream = await client.chat.completions.create({
    model: 'sim:rate=0',
    stream: true,
    messages: [{ role: 'user', content: `Hello [sim ${script}]` }],
    ...more,
  });
  for await (const chunk of stream) seen.push(chunk);
  const choices = seen.flatMap((chunk) => chunk.choices);
  const deltas = choices.map((choice) => choice.delta as Record<string, unknown>);
  const field = (name: string): string => deltas.map((delta) => (delta[name] as string | null) ?? '').join('');
  return { chunks: seen, text: field('content'), finish: choices.at(-1)?.finish_reason, field };
}

function post(body: unknown, headers: Record<string, string> = { authorization: 'Bearer k' }): Promise<Response> {
  return fetch(`${simulator.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

const MESSAGES = [{ role: 'user' as const, content: 'Hi' }];
const GOOD = { model: 'sim', messages: MESSAGES };

const raw = async (name: string): Promise<string> =>
  (await post({ ...GOOD, stream: true, model: `sim:rate=0,tokens=2,case=${name}` })).text();

describe('chat completion streams, read by the official client', () => {
  it('answers with text, and with usage only when asked', async () => {
    const { text, finish, chunks } = await ask('tokens=50');
    expect([text, finish]).toEqual([generatedText(50), 'stop']);
    expect(chunks[0]).toMatchObject({ object: 'chat.completion.chunk', model: 'sim:rate=0' });
    expect(chunks.every((chunk) => !('usage' in chunk))).toBe(true);
    const counted = await ask('tokens=5', { stream_options: { include_usage: true } });
    expect(counted.chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 5 } });
    expect(counted.chunks.at(0)?.usage).toBeNull();
  });

  it.each([
    ...['usage-chunk', 'no-usage', 'usage-every-chunk', 'usage-in-finish', 'azure-first-chunk', 'crlf'],
    ...['data-no-space', 'comments', 'many-in-one', 'one-over-many', 'no-done', 'content-null', 'happy', 'slow'],
    ...['max-tokens-unsupported', 'no-stream-options'],
  ])('%s gives the plain answer', async (name) => {
    const { text, chunks } = await ask(`case=${name} tokens=10 rate=0`);
    expect(text).toBe(generatedText(10));
    expect(chunks.some((chunk) => chunk.choices[0]?.finish_reason === 'stop')).toBe(true);
  });

  it('puts usage where the case says', async () => {
    const counts = async (name: string) =>
      (await ask(`case=${name} tokens=3`)).chunks.map((chunk) => chunk.usage?.completion_tokens);
    expect(await counts('usage-every-chunk')).toEqual([0, 1, 2, 3, 3]);
    expect((await counts('usage-in-finish')).at(-1)).toBe(3);
    const none = await ask('case=no-usage', { stream_options: { include_usage: true } });
    expect(none.chunks.some((chunk) => chunk.usage)).toBe(false);
  });

  it('splits characters, and the client puts them together', async () => {
    expect((await ask('case=utf8-split tokens=5')).text).toBe(unicodeText(5));
  });

  it('reasons under every name', async () => {
    const of = (name: string) => ask(`case=${name} tokens=4 reasoning=3`);
    expect((await of('reasoning-content')).field('reasoning_content')).toBe(reasoningText(3));
    expect((await of('reasoning')).field('reasoning')).toBe(reasoningText(3));
    const both = await of('reasoning-both');
    expect([both.field('reasoning'), both.field('reasoning_content')]).toEqual([reasoningText(3), reasoningText(3)]);
    expect((await of('reasoning-details')).text).toBe(generatedText(4));
    expect((await of('think-tags')).text).toBe(`<think>\n${reasoningText(3)}\n</think>\n\n${generatedText(4)}`);
    expect((await of('think-implicit')).text).toBe(`${reasoningText(3)}\n</think>\n\n${generatedText(4)}`);
    const [usage] = (await ask('reasoning=3 case=usage-chunk')).chunks.slice(-1);
    expect(usage?.usage?.completion_tokens_details?.reasoning_tokens).toBe(3);
  });

  it('calls the first tool, refuses, stops early', async () => {
    const { chunks, finish } = await ask('case=tool-calls', { tools: [{ type: 'function', function: { name: 'f' } }] });
    const calls = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    expect([finish, calls[0]?.function?.name]).toEqual(['tool_calls', 'f']);
    expect(JSON.parse(calls.map((call) => call.function?.arguments).join(''))).toHaveProperty('unit', 'celsius');
    expect((await ask('case=refusal')).field('refusal')).toBe(generatedText(20));
    expect((await ask('case=max-tokens')).finish).toBe('length');
    expect((await ask('case=content-filter')).finish).toBe('content_filter');
    expect((await ask('case=empty')).text).toBe('');
    expect((await ask('tokens=20', { max_tokens: 5 })).text).toBe(generatedText(5));
  });

  it.each(['error-mid-stream', 'error-then-done', 'error-event', 'openrouter-error'])('raises %s', async (name) => {
    const seen: Chunk[] = [];
    await expect(ask(`case=${name} after=4`, {}, seen)).rejects.toBeInstanceOf(OpenAI.APIError);
    expect(seen.map((chunk) => chunk.choices[0]?.delta.content).join('')).toBe(generatedText(4));
  });

  it('breaks off', async () => {
    const { finish, text } = await ask('case=eof');
    expect([finish, text]).toEqual([null, generatedText(3)]);
    await expect(ask('case=disconnect')).rejects.toThrow();
    expect(simulator.requests.at(-1)).not.toHaveProperty('aborted_at');
  });

  it('writes what the client hides', async () => {
    expect(await raw('happy')).toMatch(/"finish_reason":"stop"[^\n]*\n\ndata: \[DONE\]\n\n$/);
    expect(await raw('no-done')).not.toContain('[DONE]');
    expect(await raw('error-field')).toMatch(/\n\nerror: \{"message":[^\n]*\n\ndata: \[DONE\]\n\n$/);
    expect(await raw('python-numbers')).toContain('"logprobs":NaN');
    expect(await raw('message-at-end')).toContain('"object":"chat.completion",');
    expect(await raw('stop-everywhere')).not.toContain('"finish_reason":null');
    expect(await raw('crlf')).toMatch(/^data: [^\n]*\r\n\r\n/);
    expect(await raw('data-no-space')).toMatch(/^data:\{/);
    expect(await raw('comments')).toMatch(/^: OPENROUTER PROCESSING\n\ndata: \{/);
    expect(await raw('azure-first-chunk')).toMatch(
      /^data: \{"id":"","object":"","created":0,"model":"","choices":\[\]/,
    );
    expect(await raw('error-then-done')).toMatch(/data: \{"error":[^\n]*\n\ndata: \[DONE\]\n\n$/);
    expect(await raw('error-object')).toContain('data: {"object":"error","message":');
  });

  it('answers with JSON', async () => {
    const reply = await client.chat.completions.create({ ...GOOD, model: 'sim:tokens=3,reasoning=2' });
    expect(reply.choices[0]?.message).toMatchObject({
      content: generatedText(3),
      reasoning_content: reasoningText(2),
    });
    expect(JSON.parse(await raw('json-reply'))).toHaveProperty('object', 'chat.completion');
    expect(await raw('json-reply-newlines')).toMatch(/^\n+\{/);
    expect(JSON.parse(await raw('json-error-200'))).toHaveProperty('error.code', 502);
    expect(await raw('html-200')).toContain('<html>');
  });
});

describe('OpenAI errors', () => {
  it.each([
    ['auth', 401, OpenAI.AuthenticationError],
    ['permission', 403, OpenAI.PermissionDeniedError],
    ['not-found', 404, OpenAI.NotFoundError],
    ['rate-limited', 429, OpenAI.RateLimitError],
    ['quota', 429, OpenAI.RateLimitError],
    ['server-error', 500, OpenAI.InternalServerError],
    ['overloaded', 503, OpenAI.InternalServerError],
    ['html-502', 502, OpenAI.InternalServerError],
    ['context-length', 400, OpenAI.BadRequestError],
    ['http-error status=422', 422, OpenAI.UnprocessableEntityError],
  ])('%s is a %i', async (name, status, type) => {
    const failure = ask(`case=${name}`);
    await expect(failure).rejects.toBeInstanceOf(type);
    await expect(failure).rejects.toMatchObject({ status });
  });

  it('refuses the fields that a case forbids', async () => {
    await expect(ask('case=max-tokens-unsupported', { max_tokens: 9 })).rejects.toMatchObject({
      code: 'unsupported_parameter',
    });
    const options = { stream_options: { include_usage: true } };
    await expect(ask('case=no-stream-options', options)).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  });

  it.each<[string, number, object | string, Record<string, string> | undefined]>([
    ["You didn't provide an API key", 401, GOOD, {}],
    ['Incorrect API key provided: bad-key.', 401, GOOD, { authorization: 'Bearer bad-key' }],
    ['bad-key-*********4567', 401, GOOD, { authorization: 'Bearer bad-key-0123456784567' }],
    ['must provide a model', 400, { messages: MESSAGES }, undefined],
    ["parameter: 'messages'", 400, { model: 'sim' }, undefined],
    ['empty array', 400, { model: 'sim', messages: [] }, undefined],
    ['expected a string, got null', 400, { model: 'sim', messages: [{ role: 'user', content: null }] }, undefined],
    ['Invalid value', 400, { model: 'sim', messages: [{ role: 'wizard', content: 'a' }] }, undefined],
    ['only allowed when', 400, { ...GOOD, stream_options: {} }, undefined],
    ['could not parse', 400, '{', undefined],
    ['Known cases: happy', 400, { ...GOOD, model: 'sim:case=nope' }, undefined],
  ])('refuses a request: %s', async (text, status, body, headers) => {
    const reply = await post(body, headers);
    expect(reply.status).toBe(status);
    expect(reply.headers.get('x-request-id')).toMatch(/^req_/);
    expect(((await reply.json()) as { error: { message: string } }).error.message).toContain(text);
  });

  it('knows every case by one name', () => {
    expect(new Set(OPENAI_CASES).size).toBe(OPENAI_CASES.length);
  });
});
