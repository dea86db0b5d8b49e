/**
 * The AI SDK with resumable-stream on a Redis of its own, as its documentation combines them: `streamText`, the UI
 * message stream to the client, and a second reader of the same stream that keeps it for those who come back.
 * `node ai-sdk-server.mjs PROVIDER_URL` prints its own address.
 */
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { streamText } from 'ai';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { createResumableStreamContext } from 'resumable-stream';

const provider = process.argv[2];
const directory = mkdtempSync(join(tmpdir(), 'bench-ai-sdk-'));
const socket = join(directory, 'redis.sock');
const redis = spawn(
  'redis-server',
  [
    '--port',
    '0',
    '--unixsocket',
    socket,
    '--dir',
    directory,
    '--appendonly',
    'yes',
    '--save',
    '',
    '--loglevel',
    'warning',
  ],
  { stdio: 'ignore' },
);
process.on('exit', () => {
  redis.kill();
  rmSync(directory, { recursive: true, force: true });
});
process.on('SIGTERM', () => process.exit(0));

async function open() {
  for (;;) {
    const client = createClient({ socket: { path: socket, reconnectStrategy: false } });
    client.on('error', () => undefined);
    try {
      return await client.connect();
    } catch {
      await sleep(50);
    }
  }
}

const streams = createResumableStreamContext({
  waitUntil: (work) => void work.catch((error) => process.stderr.write(`${error}\n`)),
  publisher: await open(),
  subscriber: await open(),
});
const openai = createOpenAICompatible({ name: 'sim', baseURL: `${provider}/openai/v1`, apiKey: 'bench' });
const anthropic = createAnthropic({ baseURL: `${provider}/claude/v1`, apiKey: 'bench' });
const models = { '/openai': openai('sim'), '/claude': anthropic('sim') };

function answer(path, body, res) {
  const messages = [{ role: 'user', content: JSON.parse(body).prompt }];
  const result = streamText({ model: models[path], messages, maxRetries: 0, maxOutputTokens: 4096 });
  result.pipeUIMessageStreamToResponse(res, {
    consumeSseStream: ({ stream }) => streams.createNewResumableStream(randomUUID(), () => stream),
  });
}

const server = createServer({ keepAliveTimeout: 600_000 }, (req, res) => {
  let body = '';
  req.setEncoding('utf8');
  req.on('data', (text) => (body += text));
  req.on('end', () => answer(req.url, body, res));
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
