/**
 * The yardstick: the least that a relay for Claude can do with node:http. It parses every provider event and sends every
 * text delta on as one event; no log, no queue, no database, no checks, no back-pressure.
 * `node bare-relay.js PROVIDER_URL` prints its own address.
 */
import { createParser } from 'eventsource-parser';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface ClaudeEvent {
  type: string;
  delta?: { text?: string };
}

const provider = new URL(`${process.argv[2]}/claude/v1/messages`);
const agent = new Agent({ keepAlive: true, maxSockets: Infinity, scheduling: 'lifo' });
const HEADERS = { 'content-type': 'application/json', 'x-api-key': 'bench', 'anthropic-version': '2023-06-01' };

/** Sends an answer of the provider on, event by event. */
function relay(answer: IncomingMessage, res: ServerResponse): void {
  let seq = 0;
  const parser = createParser({
    onEvent: (event) => {
      const { type, delta } = JSON.parse(event.data) as ClaudeEvent;
      if (type !== 'content_block_delta') return;
      seq += 1;
      res.write(`id: ${seq}\ndata: ${JSON.stringify({ type: 'content', content: delta?.text })}\n\n`);
    },
  });
  answer.setEncoding('utf8');
  answer.on('data', (text: string) => parser.feed(text));
  answer.on('end', () => res.end());
}

/** Asks the provider what the caller asked. */
function serve(body: string, res: ServerResponse): void {
  const { prompt } = JSON.parse(body) as { prompt: string };
  const messages = [{ role: 'user', content: prompt }];
  const upstream = request(provider, { method: 'POST', agent, headers: HEADERS }, (answer) => {
    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    relay(answer, res);
  });
  upstream.on('error', () => res.destroy());
  res.on('close', () => {
    if (!res.writableFinished) upstream.destroy();
  });
  upstream.end(JSON.stringify({ model: 'sim', max_tokens: 4096, stream: true, messages }));
}

const server = createServer((req, res) => {
  let body = '';
  req.setEncoding('utf8');
  req.on('data', (text: string) => (body += text));
  req.on('end', () => serve(body, res));
});

server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
process.on('SIGTERM', () => process.exit(0));
