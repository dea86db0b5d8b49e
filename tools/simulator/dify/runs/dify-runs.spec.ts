import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerOf, DifyClient, type DifyEvent, eventsOf, namesOf } from '../dify.testing.js';
import { generatedText, type Simulator, startSimulator } from '../../simulator.js';

const CONTINUE = '&include_state_snapshot=true&continue_on_pause=true';

let simulator: Simulator;

beforeAll(async () => {
  simulator = await startSimulator();
});
beforeEach(() => simulator.reset());
afterAll(() => simulator.close());

const app = (key: string, user?: string): DifyClient => new DifyClient(simulator, key, user);

async function until(done: () => boolean): Promise<void> {
  while (!done()) await sleep(5);
}

/** Reads a stream up to its first event that fits, and leaves it open. */
async function firstOf(reply: Response, event: string): Promise<{ event: DifyEvent; rest: () => Promise<string> }> {
  const reader = reply.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  const more = async (): Promise<boolean> => {
    const part = await reader?.read();
    text += decoder.decode(part?.value as Uint8Array | undefined, { stream: true });
    return part?.done === false;
  };
  const found = () => eventsOf(text.slice(0, text.lastIndexOf('\n\n') + 2)).find((one) => one.event === event);
  while (!found() && (await more()));
  const rest = async (): Promise<string> => {
    while (await more());
    return text;
  };
  return { event: found() as DifyEvent, rest };
}

describe('a stop', () => {
  const STOPS: Record<string, string> = {
    completion: '/completion-messages/ID/stop',
    workflow: '/workflows/tasks/ID/stop',
  };

  it.each([
    ['chat', 'message', ['message_end']],
    ['completion', 'message', ['message_end']],
    ['advanced-chat', 'message', ['workflow_finished', 'message_end']],
    ['workflow', 'text_chunk', ['workflow_finished']],
  ])('ends a run of %s after a moment', async (mode, event, names) => {
    const client = app(`app-x-${mode}`);
    const open = await firstOf(await client.run('tokens=10000 rate=50 stop_ms=50'), event);
    const path = (STOPS[mode] ?? '/chat-messages/ID/stop').replace('ID', String(open.event['task_id']));
    const reply = await client.call('POST', path, { user: client.user });
    expect(await reply.json()).toEqual({ result: 'success' });
    const events = eventsOf(await open.rest());
    expect(namesOf(events).slice(-names.length)).toEqual(names);
    const end = events.find((one) => one.event === 'workflow_finished');
    if (end) expect(end.data).toMatchObject({ status: 'stopped', error: 'Stopped by user.' });
    expect(simulator.dify).toMatchObject({ stops: 1, stopped: 1, activeRuns: 0 });
  });

  it('of another user does nothing to a chat', async () => {
    const client = app('app-x-chat');
    const open = await firstOf(await client.run('tokens=20 rate=100 stop_ms=0'), 'message');
    const path = `/chat-messages/${String(open.event['task_id'])}/stop`;
    await client.call('POST', path, { user: 'other' });
    expect(answerOf(eventsOf(await open.rest()))).toBe(generatedText(20));
    expect(simulator.dify).toMatchObject({ stops: 1, stopped: 0 });
  });
});

describe('a run', () => {
  it('goes on when the client leaves, and is found again', async () => {
    const client = app('app-x-advanced-chat');
    const abort = new AbortController();
    simulator.holdAt(20);
    const open = await firstOf(await client.run('tokens=60 rate=150', {}, abort.signal), 'message');
    abort.abort();
    await until(() => simulator.counters.aborts === 1);
    expect(simulator.dify.activeRuns).toBe(1);
    const runId = String((await simulatedRun(client, open.event)).id);
    const attached = await client.attach(runId);
    simulator.holdAt(Number.POSITIVE_INFINITY);
    const events = eventsOf(await attached.text());
    const replaced = events.find(({ event }) => event === 'message_replace');
    expect(namesOf(events).slice(0, 4)).toEqual([
      'workflow_started',
      'message_replace',
      'node_started',
      'node_finished',
    ]);
    const after = events.filter(({ event }) => event === 'message');
    expect(String(replaced?.['answer']) + answerOf(after)).toBe(generatedText(60));
    expect(simulator.dify).toMatchObject({ runs: 1, attaches: 1, activeRuns: 0 });
    expect(await client.get(`/workflows/run/${runId}`)).toMatchObject({ status: 'succeeded' });
    expect(namesOf(eventsOf(await (await client.attach(runId)).text()))).toEqual(['workflow_finished']);
  });

  it('is not shown to other users, apps and old servers', async () => {
    const [event] = await app('app-x-workflow').events('tokens=1 rate=0');
    const runId = String(event?.['workflow_run_id']);
    const statuses = [app('app-x-workflow', 'other'), app('app-y-workflow')].map((client) => client.attach(runId));
    expect((await Promise.all(statuses)).map(({ status }) => status)).toEqual([404, 404]);
    const [old] = await app('app-old-workflow').events('tokens=1 rate=0');
    expect((await app('app-old-workflow').attach(String(old?.['workflow_run_id']))).status).toBe(404);
  });

  it.each([
    ['disconnect', 'succeeded'],
    ['dead-run', 'running'],
  ])('whose stream breaks (%s) is %s in the end', async (name, status) => {
    const client = app('app-x-workflow');
    const open = await firstOf(await client.run(`tokens=5 rate=0 case=${name}`), 'workflow_started');
    await open.rest().catch(() => undefined);
    await sleep(20);
    expect(await client.get(`/workflows/run/${String(open.event['workflow_run_id'])}`)).toMatchObject({ status });
  });

  it('can be lost', async () => {
    const client = app('app-x-workflow');
    const events = await client.events('tokens=5 rate=0 case=lost-run');
    expect(events.at(-1)?.event).toBe('text_chunk');
    const runId = String(events[0]?.['workflow_run_id']);
    expect((await client.call('GET', `/workflows/run/${runId}`)).status).toBe(404);
  });
});

/** The run of a message, which events of chatflows name. */
async function simulatedRun(client: DifyClient, message: DifyEvent): Promise<{ id: unknown }> {
  const runs = await client.call(
    'GET',
    `/messages?user=${client.user}&conversation_id=${String(message['conversation_id'])}`,
  );
  const { data } = (await runs.json()) as { data: { workflow_run_id: unknown }[] };
  return { id: data[0]?.workflow_run_id };
}

describe('a human', () => {
  it('fills in the form and the run goes on', async () => {
    const client = app('app-x-workflow');
    const events = await client.events('tokens=4 rate=0 case=human-input');
    const form = events.find(({ event }) => event === 'human_input_required')?.data;
    const path = `/form/human_input/${String(form?.['form_token'])}`;
    const runId = String(events[0]?.['workflow_run_id']);
    expect(await client.get(path)).toMatchObject({
      form_content: form?.['form_content'],
      user_actions: form?.['actions'],
    });
    expect(await client.get(`/workflows/run/${runId}`)).toMatchObject({ status: 'paused' });
    const waiting = client.attach(runId, CONTINUE);
    await until(() => simulator.dify.attaches === 1);
    const submit = (more: object) =>
      client.call('POST', path, { user: client.user, action: 'approve', inputs: { comment: 'ok' }, ...more });
    expect((await submit({ action: 'other' })).status).toBe(400);
    expect((await submit({})).status).toBe(200);
    expect(await (await submit({})).json()).toMatchObject({ status: 412, code: 'human_input_form_submitted' });
    const all = eventsOf(await (await waiting).text());
    expect(all.find(({ event }) => event === 'human_input_form_filled')?.data).toMatchObject({
      action_text: 'Approve',
    });
    expect(all.at(-1)?.data).toMatchObject({ status: 'succeeded', outputs: { text: generatedText(4) } });
  });

  it('who is late finds the form expired and the run gone on', async () => {
    const client = app('app-x-advanced-chat');
    const events = await client.events('tokens=4 rate=0 case=human-input form_seconds=0.2');
    const token = String(events.find(({ event }) => event === 'human_input_required')?.data?.['form_token']);
    const end = eventsOf(await (await client.attach(String(events[0]?.['workflow_run_id']), CONTINUE)).text());
    expect(namesOf(end)).toContain('human_input_form_timeout');
    expect(answerOf(end.filter(({ event }) => event === 'message'))).toBe(generatedText(4));
    expect(await client.get(`/form/human_input/${token}`)).toMatchObject({
      http: 412,
      code: 'human_input_form_expired',
    });
  });
});

describe('what apps keep', () => {
  it('continues conversations of the same user and app only', async () => {
    const [first] = await app('app-x-chat').events('tokens=1 rate=0');
    const id = first?.['conversation_id'];
    const again = (client: DifyClient) => client.run('tokens=1 rate=0', { conversation_id: id });
    const replies = await Promise.all([
      again(app('app-x-chat')),
      again(app('app-x-chat', 'b')),
      again(app('app-y-chat')),
    ]);
    expect(replies.map(({ status }) => status)).toEqual([200, 404, 404]);
    await app('app-x-chat').call('DELETE', `/conversations/${String(id)}`, { user: 'user-1' });
    const gone = await again(app('app-x-chat'));
    expect(await gone.json()).toMatchObject({ code: 'not_found', message: 'Conversation Not Exists.' });
  });

  it('suggests questions and takes feedback', async () => {
    const client = app('app-demo-chat');
    const id = String((await client.events('tokens=1 rate=0'))[0]?.['message_id']);
    expect(await client.get(`/messages/${id}/suggested?user=user-1`)).toMatchObject({ result: 'success' });
    expect((await client.call('GET', `/messages/${id}/suggested?user=other`)).status).toBe(404);
    const rate = (rating: unknown) => client.call('POST', `/messages/${id}/feedbacks`, { user: 'user-1', rating });
    expect([(await rate('like')).status, (await rate(null)).status, (await rate('great')).status]).toEqual([
      200, 200, 400,
    ]);
    expect(simulator.dify).toMatchObject({ suggestions: 2, feedbacks: 2 });
  });

  const sent = (name: string, bytes: Uint8Array, type = 'image/png'): FormData => {
    const form = new FormData();
    form.set('user', 'user-1');
    form.set('file', new Blob([bytes], { type }), name);
    return form;
  };

  it('takes uploads, whatever their bytes, for their user', async () => {
    const client = app('app-inputs-chat');
    const bytes = new Uint8Array(300_000).map((_, i) => [13, 10, 45, 45][i % 4] ?? 0);
    const reply = await client.call('POST', '/files/upload', sent('a.png', bytes));
    expect(reply.status).toBe(201);
    const upload = (await reply.json()) as { id: string };
    expect(upload).toMatchObject({ name: 'a.png', size: 300_000, extension: 'png', mime_type: 'image/png' });
    const file = { type: 'image', transfer_method: 'local_file', upload_file_id: upload.id };
    const use = (user: string) =>
      app(client.key, user).run('tokens=1 rate=0', { inputs: { city: 'G', plan: file }, files: [file] });
    expect([(await use('user-1')).status, (await use('other')).status]).toEqual([200, 400]);
    expect(simulator.requests[0]?.body).toMatchObject({ fields: { user: 'user-1' }, files: [{ size: 300_000 }] });
  });

  it('refuses uploads that are too large or of no use', async () => {
    const send = async (key: string, form: FormData) => {
      const reply = await app(key).call('POST', '/files/upload', form);
      return [reply.status, ((await reply.json()) as { code: string }).code];
    };
    const big = sent('a.png', new Uint8Array(1024 * 1024 + 1));
    expect(await send('app-files1-chat', big)).toEqual([413, 'file_too_large']);
    expect(await send('app-x-chat', sent('a.exe', new Uint8Array(9)))).toEqual([415, 'unsupported_file_type']);
    expect(await send('app-x-chat', new FormData())).toEqual([400, 'no_file_uploaded']);
  });
});

describe('silence', () => {
  it('is broken by pings', async () => {
    const abort = new AbortController();
    const reply = await app('app-x-chat').run('case=only-pings ping_ms=20', {}, abort.signal);
    const reader = reply.body?.getReader();
    for (let i = 0; i < 3; i += 1) {
      const part = await reader?.read();
      expect(Buffer.from((part?.value ?? []) as Uint8Array).toString()).toBe('event: ping\n\n');
    }
    abort.abort();
    await until(() => simulator.counters.openStreams === 0);
    expect(simulator.counters.aborts).toBe(1);
  });
});
