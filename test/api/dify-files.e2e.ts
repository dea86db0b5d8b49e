import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { Api } from '../support/api.js';
import { eventually } from '../support/child.js';
import { addDifyTeam, type DifyTeam, difyRuns } from '../support/dify.js';
import { Stage } from '../support/stage.js';
import { Uploading } from '../support/uploads.js';

jest.setTimeout(60_000);

const MB = 1_048_576;
const KEY = 'app-x-chat';

describe('files for apps', () => {
  let stage: Stage;
  let api: Api;
  let app: DifyTeam;

  beforeAll(async () => {
    stage = await Stage.start('embedded');
    api = stage.api;
    app = await addDifyTeam(stage, api, KEY);
  });
  afterAll(() => stage.stop());

  const upload = (name: string, fields: Record<string, string | number> = { bot_id: app.botId }, mimeType = 'text/plain') =>
    new Uploading(stage.server(0).url, { fields, name, mimeType });
  const uploads = () => stage.simulator.requests.filter(({ path }) => path.endsWith('/files/upload'));

  it('are passed on, and can be used in a question', async () => {
    const sending = upload('notes "of" ü.txt');
    await sending.write('first ');
    const { status, body } = await (await sending.write('second'), sending.end());
    const file = { type: 'document', transfer_method: 'local_file', upload_file_id: body['id'] };
    const turn = await api.turn({ team_id: app.teamId, prompt: 'Hello', files: [file] });

    expect([status, body]).toEqual([
      201,
      { id: expect.any(String), type: 'document', name: expect.any(String), size: 12, extension: 'txt', mime_type: 'text/plain' },
    ]);
    expect(uploads().at(-1)?.body).toMatchObject({ fields: { user: expect.stringMatching(/^conch-/) }, complete: true });
    expect(turn.terminal?.type).toBe('done');
    expect(difyRuns(stage, KEY).at(-1)).toMatchObject({ files: [file] });
  });

  it('are passed on while they arrive', async () => {
    const before = stage.simulator.dify.uploadedBytes;
    const sending = upload('a.txt');
    await sending.write(Buffer.alloc(MB));
    await eventually('the app has the first bytes', () => stage.simulator.dify.uploadedBytes - before > MB / 2 || undefined);

    expect((await sending.end()).status).toBe(201);
  });

  it('may be named by the query', async () => {
    const sending = new Uploading(stage.server(0).url, { name: 'a.png', query: `?bot_id=${app.botId}` });
    await sending.write('x');

    expect((await sending.end()).body).toMatchObject({ type: 'image', size: 1 });
  });

  it('do not pile up in memory', async () => {
    const video = await addDifyTeam(stage, api, 'app-y-chat');
    const sending = upload('big.bin', { bot_id: video.botId });
    const before = memory(stage.server(0).pid);
    let most = before;
    const piece = Buffer.alloc(MB, 7);
    for (let count = 0; count < 14; count += 1) {
      await sending.write(piece);
      most = Math.max(most, memory(stage.server(0).pid));
    }
    const { body } = await sending.end();

    expect(body).toMatchObject({ size: 14 * MB });
    expect(most - before).toBeLessThan(100 * MB);
  });

  it.each<[string, string, number, number, string]>([
    ['too large, told beforehand', 'a.txt', 2, 413, 'payload_too_large'],
    ['of a type that the app does not take', 'a.mp3', 0.001, 415, 'unsupported_media_type'],
  ])('are refused when %s', async (_case, name, megabytes, status, code) => {
    const small = await addDifyTeam(stage, api, 'app-files1-chat');
    const before = uploads().length;
    const sending = upload(name, { bot_id: small.botId });
    await sending.write(Buffer.alloc(megabytes * MB));
    const reply = await sending.end();

    expect([reply.status, reply.body['code']]).toEqual([status, code]);
    expect(uploads()).toHaveLength(before);
  });
});

/** Bytes that a process holds. */
function memory(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];

  return Number(kilobytes) * 1024;
}
