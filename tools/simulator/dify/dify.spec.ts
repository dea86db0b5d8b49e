import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DIFY_CASES } from './dify-cases.js';
import { answerOf, DifyClient, type DifyEvent, eventsOf, namesOf } from './dify.testing.js';
import { generatedText, type Simulator, startSimulator, unicodeText } from '../simulator.js';

const FLOW_LEAD = ['workflow_started', 'node_started', 'node_finished', 'node_started'];
const FLOW_CLOSE = ['node_finished', 'node_started', 'node_finished'];
const MODES = ['chat', 'agent-chat', 'advanced-chat', 'agent', 'completion', 'workflow'];

let simulator: Simulator;

beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

const app = (key: string, user?: string): DifyClient => new DifyClient(simulator, key, user);

async function refusal(reply: Promise<Response>): Promise<object> {
  const response = await reply;
  return { http: response.status, ...((await response.json()) as object) };
}

describe('each kind of app', () => {
  it.each([
    ['chat', ['message', 'message_end']],
    ['completion', ['message', 'message_end']],
    ['agent-chat', ['agent_thought', 'agent_message', 'agent_thought', 'message_end']],
    ['agent', ['agent_message', 'message', 'message_end']],
    ['advanced-chat', [...FLOW_LEAD, 'message', ...FLOW_CLOSE, 'message_end', 'workflow_finished']],
    ['workflow', [...FLOW_LEAD, 'text_chunk', ...FLOW_CLOSE, 'workflow_finished']],
  ])('%s answers in its order', async (mode, names) => {
    const events = await app(`app-x-${mode}`).events('tokens=20 rate=0');
    expect(namesOf(events)).toEqual(names);
    const text = events.filter(({ event }) => event !== 'message' || mode !== 'agent');
    expect(answerOf(text)).toBe(generatedText(20));
    expect(events.every((event) => typeof event['task_id'] === 'string')).toBe(true);
    expect(events.every((event) => 'conversation_id' in event)).toBe(mode !== 'workflow' && mode !== 'completion');
  });

  it.each(MODES)('%s says what it is, unless its server is old', async (mode) => {
    expect(await app(`app-x-${mode}`).get('/info')).toMatchObject({ http: 200, mode });
    expect(await app(`app-old-${mode}`).get('/info')).not.toHaveProperty('mode');
  });

  it('is served by its own route only', async () => {
    const { path, body } = app('app-x-chat').ask('tokens=1');
    const wrong = (key: string) => refusal(app(key).call('POST', path, body));
    expect(await wrong('app-x-workflow')).toMatchObject({ http: 400, code: 'not_chat_app' });
    const flow = app('app-x-chat').call('POST', '/workflows/run', { ...body, inputs: {} });
    expect(await refusal(flow)).toMatchObject({ http: 400, code: 'not_workflow_app' });
  });

  it('can block, classic agents excepted', async () => {
    const ask = (key: string) => app(key).run('tokens=3 rate=0', { response_mode: 'blocking' });
    expect(await (await ask('app-x-chat')).json()).toMatchObject({ mode: 'chat', answer: generatedText(3) });
    const flow = (await (await ask('app-x-workflow')).json()) as object;
    expect(flow).toMatchObject({ data: { status: 'succeeded', outputs: { text: generatedText(3) } } });
    expect(await refusal(ask('app-x-agent-chat'))).toMatchObject({ http: 400, code: 'invalid_param' });
  });
});

describe('cases', () => {
  const names = (name: string, mode = 'advanced-chat', more = '') =>
    app(`app-x-${mode}`).events(`tokens=6 rate=0 case=${name} ${more}`);
  const last = (events: DifyEvent[], count: number): string[] => namesOf(events).slice(-count);

  it.each([
    ['end-swapped', ['workflow_finished', 'message_end']],
    ['no-message-end', ['node_finished', 'workflow_finished']],
    ['no-flow-end', ['node_finished', 'message_end']],
    ['no-end', ['node_started', 'node_finished']],
    ['failed', ['workflow_finished', 'error']],
    ['error-after-text', ['message', 'error']],
    ['eof', ['node_started', 'message']],
    ['tts', ['tts_message', 'tts_message_end']],
    ['replace', ['message_end', 'workflow_finished']],
    ['paused', ['node_finished', 'workflow_paused']],
    ['human-input', ['human_input_required', 'workflow_paused']],
  ])('%s ends as it should', async (name, ending) => {
    expect(last(await names(name), 2)).toEqual(ending);
  });

  it.each([
    ['retries', 'node_retry', 2],
    ['iteration', 'iteration_next', 2],
    ['loop', 'loop_completed', 1],
    ['agent-node', 'agent_log', 4],
    ['parallel', 'parallel_branch_finished', 2],
    ['reasoning', 'reasoning_chunk', 9],
    ['files', 'message_file', 1],
    ['unknown-events', 'aurora_event', 15],
  ])('%s brings %s', async (name, event, count) => {
    const events = await names(name);
    expect(events.filter((one) => one.event === event).length).toBe(count);
    expect(answerOf(events)).toBe(generatedText(6));
  });

  it.each([
    ['failed', 'failed', null],
    ['partial', 'partial-succeeded', { text: generatedText(6) }],
    ['stopped', 'stopped', null],
    ['outputs-single', 'succeeded', { summary: generatedText(6) }],
    ['outputs-json', 'succeeded', { headline: generatedText(6), score: 3 }],
    ['outputs-null', 'succeeded', null],
  ])('%s: a workflow is %s, and its row says the same', async (name, status, outputs) => {
    const end = (await names(name, 'workflow')).at(-1);
    expect(end).toMatchObject({ event: 'workflow_finished', data: { status, outputs } });
    const row = await app('app-x-workflow').get(`/workflows/run/${String(end?.['workflow_run_id'])}`);
    expect(row).toMatchObject({ status, outputs: outputs ?? null });
  });

  it.each([
    ['crlf', /}\r\n\r\ndata: /],
    ['no-space', /\n\ndata:{/],
    ['pings', /^event: ping\n\ndata: .*\n\nevent: ping\n\n/],
    ['utf8-split', /é漢😀/],
    ['one-over-many', /data: /],
    ['many-in-one', /data: /],
  ])('%s keeps what is said', async (name, bytes) => {
    const body = await (await app('app-x-chat').run(`tokens=6 rate=0 case=${name}`)).text();
    expect(body).toMatch(bytes);
    expect(answerOf(eventsOf(body))).toBe(name === 'utf8-split' ? unicodeText(6) : generatedText(6));
  });

  it('escapes everything but ASCII on an old server', async () => {
    const body = await (await app('app-old-chat').run('text=%C3%A9%F0%9F%98%80 rate=0')).text();
    expect(body).toContain('\\u00e9\\ud83d\\ude00');
    expect(answerOf(eventsOf(body))).toBe('é😀');
  });

  it('makes nodes and lines of any size', async () => {
    const events = await names('happy', 'advanced-chat', 'nodes=200 node_bytes=2000000');
    const nodes = events.filter(({ event }) => event === 'node_finished');
    expect(nodes.length).toBe(203);
    expect(Math.max(...nodes.map((node) => JSON.stringify(node).length))).toBeGreaterThan(2_000_000);
    const huge = await (await app('app-x-workflow').run('tokens=1 rate=0 case=huge-line')).text();
    expect(Math.max(...huge.split('\n').map((line) => line.length))).toBeGreaterThan(8 * 1024 * 1024);
  });

  it.each([
    ['not-found', 404, 'not_found'],
    ['too-many', 429, 'too_many_requests'],
    ['quota', 400, 'provider_quota_exceeded'],
    ['overloaded', 503, 'service_unavailable'],
    ['http-error status=418', 418, 'internal_server_error'],
  ])('%s is refused with %i', async (name, http, code) => {
    expect(await refusal(app('app-x-chat').run(`case=${name}`))).toMatchObject({ http, code });
  });

  it('strike as often as `times` says', async () => {
    const statuses = [1, 2].map(() => app('app-x-chat').run('case=overloaded times=1 tokens=1 rate=0 key=once'));
    expect((await Promise.all(statuses)).map(({ status }) => status).sort()).toEqual([200, 503]);
  });

  it('names those known when one is not', async () => {
    const reply = await app('app-x-chat').run('case=none');
    expect(reply.status).toBe(400);
    expect(await reply.text()).toContain(DIFY_CASES.join(', '));
  });
});

describe('checks', () => {
  const GOOD = { inputs: { city: 'Graz' } };

  it('keys', async () => {
    const info = async (key: string) => ((await (await app(key).call('GET', '/info')).json()) as { code: string }).code;
    expect(await info('bad-key')).toBe('unauthorized');
    expect(await info('app-off-chat')).toBe('forbidden');
    expect([await info('app-revoked1-chat'), await info('app-revoked1-chat')]).toEqual([undefined, 'unauthorized']);
    const html = await app('app-html-chat').call('GET', '/info');
    expect([html.status, html.headers.get('content-type')]).toEqual([200, 'text/html']);
  });

  it.each([
    [{ user: undefined }, 'Arg user must be provided.'],
    [{ query: '' }, 'query is required'],
    [{ response_mode: 'fast' }, "response_mode: Input should be 'blocking' or 'streaming'"],
    [{ conversation_id: 'none' }, '"none" is not a valid uuid.'],
    [{ inputs: {} }, 'city is required in input form'],
    [{ inputs: { city: 'x'.repeat(49) } }, 'city in input form must be less than 48 characters'],
    [{ inputs: { city: 1 } }, 'city in input form must be a string'],
    [{ inputs: { city: 'G', tone: 'loud' } }, 'tone in input form must be one of the following: ["warm","dry"]'],
    [{ inputs: { city: 'G', days: 'many' } }, 'days in input form must be a valid number'],
    [{ inputs: { city: 'G', weekend: 'yes' } }, 'weekend in input form must be a valid boolean value'],
    [{ inputs: { city: 'G', extra: [] } }, 'extra in input form must be a dict'],
    [{ inputs: { city: 'G', plan: { type: 'image', transfer_method: 'local_file' } } }, 'Invalid upload file'],
    [{ files: [{ type: 'image', transfer_method: 'remote_url', url: 'x' }] }, 'Invalid file url'],
  ])('%j', async (wrong, message) => {
    const { path, body } = app('app-inputs-chat').ask('tokens=1 rate=0', GOOD);
    const reply = app('app-inputs-chat').call('POST', path, { ...body, ...wrong });
    expect(await refusal(reply)).toMatchObject({ http: 400, code: 'invalid_param', message });
  });

  it('drops inputs that the form does not know', async () => {
    const events = await app('app-inputs-workflow').events('tokens=1 rate=0', { inputs: { city: 'Graz', other: 1 } });
    const inputs = events[0]?.data?.['inputs'];
    expect(inputs).toMatchObject({ city: 'Graz', tone: 'warm' });
    expect(inputs).not.toHaveProperty('other');
  });
});
