/**
 * The yardstick: the least that a relay for Claude (below `/openai` and `/dify` for those) can do with node:http. It parses every provider event and sends every
 * text delta on as one event; no log, no queue, no database, no checks, no back-pressure.
 * `node bare-relay.js PROVIDER_URL DIFY_KEY` prints its own address.
 */
import { createParser } from 'eventsource-parser';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface ClaudeEvent {
  type: string;
  delta?: { text?: string };
}

interface OpenAiEvent {
  choices: { delta: { content?: string } }[];
}

interface DifyEvent {
  event: string;
  answer?: string;
}

/** How one provider is asked and read. */
interface Upstream {
  url: URL;
  headers: Record<string, string>;
  body: (prompt: string) => object;
  /** The text of an event; empty or undefined when it brings none. */
  text: (event: unknown) => string | undefined;
  /** The data of the last event, when it is no JSON. */
  done?: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: Infinity, scheduling: 'lifo' });
const JSON_TYPE = { 'content-type': 'application/json' };

const claude: Upstream = {
  url: new URL(`${process.argv[2]}/claude/v1/messages`),
  headers: { ...JSON_TYPE, 'x-api-key': 'bench', 'anthropic-version': '2023-06-01' },
  body: (prompt) => ({ model: 'sim', max_tokens: 4096, stream: true, messages: [{ role: 'user', content: prompt }] }),
  text: (event) => {
    const { type, delta } = event as ClaudeEvent;

    return type === 'content_block_delta' ? delta?.text : undefined;
  },
};

const openai: Upstream = {
  url: new URL(`${process.argv[2]}/openai/v1/chat/completions`),
  headers: { ...JSON_TYPE, authorization: 'Bearer bench' },
  body: (prompt) => ({ model: 'sim', stream: true, messages: [{ role: 'user', content: prompt }] }),
  text: (event) => (event as OpenAiEvent).choices[0]?.delta.content,
  done: '[DONE]',
};

const dify: Upstream = {
  url: new URL(`${process.argv[2]}/dify/v1/chat-messages`),
  headers: { ...JSON_TYPE, authorization: `Bearer ${process.argv[3]}` },
  body: (query) => ({ inputs: {}, query, response_mode: 'streaming', user: 'bench' }),
  text: (event) => {
    const { event: name, answer } = event as DifyEvent;

    return name === 'message' ? answer : undefined;
  },
};

const UPSTREAMS: Record<string, Upstream> = { '/openai': openai, '/dify': dify };

/** Sends an answer of the provider on, event by event. */
function relay({ text, done }: Upstream, answer: IncomingMessage, res: ServerResponse): void {
  let seq = 0;
  const parser = createParser({
    onEvent: (event) => {
      const content = event.data === done ? undefined : text(JSON.parse(event.data));
      if (!content) return;
      seq += 1;
      res.write(`id: ${seq}\ndata: ${JSON.stringify({ type: 'content', content })}\n\n`);
    },
  });
  answer.setEncoding('utf8');
  answer.on('data', (chunk: string) => parser.feed(chunk));
  answer.on('end', () => res.end());
}

/** Asks the provider what the caller asked. */
function serve(provider: Upstream, body: string, res: ServerResponse): void {
  const { prompt } = JSON.parse(body) as { prompt: string };
  const upstream = request(provider.url, { method: 'POST', agent, headers: provider.headers }, (answer) => {
    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    relay(provider, answer, res);
  });
  upstream.on('error', () => res.destroy());
  res.on('close', () => {
    if (!res.writableFinished) upstream.destroy();
  });
  upstream.end(JSON.stringify(provider.body(prompt)));
}

// Longer than any part: a socket that is closed when it is used again would count as a wrong answer.
const server = createServer({ keepAliveTimeout: 600_000 }, (req, res) => {
  let body = '';
  req.setEncoding('utf8');
  req.on('data', (text: string) => (body += text));
  req.on('end', () => serve(UPSTREAMS[req.url ?? '/'] ?? claude, body, res));
});

server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
process.on('SIGTERM', () => process.exit(0));
