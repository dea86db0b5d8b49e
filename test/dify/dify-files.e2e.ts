import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { Api, ErrorBody } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { addDifyTeam, type DifyTeam, difyRuns } from '../support/content/dify.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import type { Stage } from '../support/stages/stage.js';
import { type UploadReply, Uploading } from '../support/content/uploads.js';

const MB = 1_048_576;
const KEY = 'app-x-chat';
const PIECE = Buffer.alloc(MB, 7);

describe('files for apps', () => {
  let stage: Stage;
  let api: Api;
  let app: DifyTeam;
  /** Takes 1 MB at most. */
  let small: DifyTeam;

  beforeAll(async () => {
    stage = await sharedStage('embedded');
    api = stage.api;
    app = await addDifyTeam(stage, api, KEY);
    small = await addDifyTeam(stage, api, 'app-files1-chat');
  });
  afterAll(() => endAll(stage));

  const upload = (name: string, { botId }: { botId: number } = app, bytes?: number) =>
    new Uploading(stage.server(0).url, { fields: { bot_id: botId }, name }, bytes);
  const counters = () => ({ ...stage.simulator.dify });

  async function send(sending: Uploading, ...pieces: (Buffer | string)[]): Promise<UploadReply> {
    for (const piece of pieces) await sending.write(piece);

    return sending.end();
  }

  it('are passed on, and can be used in a question', async () => {
    const { status, body } = await send(upload('notes für today.txt'), 'first ', 'second');
    const file = { type: 'document', transfer_method: 'local_file', upload_file_id: body['id'] };
    const turn = await api.turn({ team_id: app.teamId, prompt: 'Hello', files: [file] });

    const facts = {
      type: 'document',
      name: 'notes für today.txt',
      size: 12,
      extension: 'txt',
      mime_type: 'text/plain',
    };
    expect([status, body]).toEqual([201, expect.objectContaining({ ...facts, id: expect.any(String) })]);
    expect(turn.terminal?.type).toBe('done');
    expect(difyRuns(stage, KEY)).toMatchObject([{ files: [file] }]);
  });

  it('may have the bot named by the query', async () => {
    const query = `?bot_id=${app.botId}`;
    const { status, body } = await send(new Uploading(stage.server(0).url, { name: 'a.png', query }), 'x');

    expect([status, body['type'], body['size']]).toEqual([201, 'image', 1]);
  });

  it('are passed on while they arrive', async () => {
    const before = counters();
    const sending = upload('a.txt');
    await sending.write(PIECE);
    await eventually('the app has bytes', () => counters().uploadedBytes - before.uploadedBytes > MB / 2);

    expect((await sending.end()).status).toBe(201);
  });

  it('do not pile up in memory', async () => {
    const large = await addDifyTeam(stage, api, 'app-files300-chat');
    const { pid } = stage.server(0);
    const sending = upload('large.txt', large);
    const before = memory(pid);
    let most = before;
    for (let sent = 0; sent < 200; sent += 1) {
      await sending.write(PIECE);
      most = Math.max(most, memory(pid));
    }

    expect((await sending.end()).body).toMatchObject({ size: 200 * MB });
    expect(most - before).toBeLessThan(100 * MB);
  });

  describe('are refused', () => {
    it('when they say that they are too large, before the app sees them', async () => {
      const before = counters();
      const { status, body } = await send(upload('a.txt', small, 3 * MB), PIECE, PIECE, PIECE);

      expect([status, body['code']]).toEqual([413, 'payload_too_large']);
      expect(counters()).toMatchObject({ uploads: before.uploads, brokenUploads: before.brokenUploads });
    });

    it('when they grow too large', async () => {
      const before = counters();
      const { status, body } = await send(upload('a.txt', small), PIECE, 'x', PIECE, PIECE);

      expect([status, body['code'], body['message']]).toEqual([
        413,
        'payload_too_large',
        expect.stringContaining(String(MB)),
      ]);
      await eventually('the app has hung up', () => counters().brokenUploads > before.brokenUploads);
      expect(counters().uploads).toBe(before.uploads);
    });

    it.each<[string, string, string, number, string]>([
      ['the app does not take their type', 'app-x-chat', 'a.mp3', 415, 'unsupported_media_type'],
      ['the app takes none', 'app-nofiles-chat', 'a.txt', 400, 'dify_input_invalid'],
      ['the app refuses the key', 'app-bad-chat', 'a.txt', 502, 'provider_auth'],
      ['the key was revoked since the app was asked', 'app-revoked1-chat', 'a.txt', 502, 'provider_auth'],
    ])('when %s', async (_case, key, name, status, code) => {
      const reply = await send(upload(name, await addDifyTeam(stage, api, key)), PIECE, PIECE);

      expect([reply.status, reply.body['code']]).toEqual([status, code]);
      expect(JSON.stringify(reply.body)).not.toContain(key);
    });

    it.each<[string, { bot_id?: number | string }, string | undefined, number, string]>([
      ['no bot', {}, 'a.txt', 422, 'validation_failed'],
      ['a bot that is none', { bot_id: 'x' }, 'a.txt', 422, 'validation_failed'],
      ['an unknown bot', { bot_id: 999_999 }, 'a.txt', 404, 'not_found'],
      ['no file', { bot_id: 1 }, undefined, 400, 'bad_request'],
    ])('with %s', async (_case, fields, name, status, code) => {
      const form = { fields, ...(name !== undefined && { name }) };
      const reply = await new Uploading(stage.server(0).url, form).end();

      expect([reply.status, reply.body['code']]).toEqual([status, code]);
    });

    it('as anything but a form, and forms as anything but files', async () => {
      const asJson = await api.post<ErrorBody>('/dify/files', { bot_id: app.botId });
      const type = { 'content-type': 'multipart/form-data; boundary=b' };
      const asForm = await api.raw<ErrorBody>('POST', '/dify/app/info', '--b--', type);

      expect([asJson.status, asJson.body.code]).toEqual([415, 'unsupported_media_type']);
      expect([asForm.status, asForm.body.code]).toEqual([415, 'unsupported_media_type']);
    });
  });

  it('are broken off at the app when their sender goes away', async () => {
    const before = counters();
    const sending = upload('a.txt');
    await sending.write(PIECE);
    await eventually('the app has bytes', () => counters().uploadedBytes > before.uploadedBytes);
    sending.abort();

    await eventually('the app has hung up', () => counters().brokenUploads > before.brokenUploads);
    expect(counters().uploads).toBe(before.uploads);
    expect((await send(upload('b.txt'), 'still works')).status).toBe(201);
  });
});

/** Bytes that a process holds. */
function memory(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];

  return Number(kilobytes) * 1024;
}
