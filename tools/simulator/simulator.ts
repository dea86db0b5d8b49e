// A stand-in for model providers, speaking their real wire formats. README.md describes its scripts.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { closeServer, KEEP_ALIVE_MS, listen, readBody, sendJson, urlOf } from '../shared/http.js';
import { claude } from './claude/claude.js';
import { dify, difyFiles } from './dify/dify.js';
import type { DifyCounters } from './dify/runs/dify-state.js';
import type { Exchange, Provider } from './exchange.js';
import { openai } from './openai/openai.js';
import { capture, createState, resetState, wallClock } from './state.js';
import type { CapturedRequest, Counters, SimulatorState } from './state.js';

export type { CapturedRequest, Counters } from './state.js';
export { demoText, generatedText, generatedTokens, reasoningText, reasoningTokens, unicodeText } from './text.js';

const PROVIDERS: readonly Provider[] = [claude, openai, dify, difyFiles];

/** How a simulator starts; everything may be left out. */
export interface SimulatorOptions {
  port?: number;
  host?: string;
  /** Directives for questions that have none, e.g. `{"Hello!": "[sim text=Hi]"}`. */
  scripts?: Readonly<Record<string, string>>;
}

/** A running simulator. */
export interface Simulator {
  /** `http://host:port`; clients get `${url}/claude`, `${url}/openai/v1` and `${url}/dify/v1` as base URLs. */
  readonly url: string;
  readonly port: number;
  /** The last 1000 requests to providers, oldest first; always the same array. */
  readonly requests: CapturedRequest[];
  /** Running totals; always the same object. */
  readonly counters: Counters;
  /** What Dify apps did; always the same object. */
  readonly dify: DifyCounters;
  /**
   * Lets answers of Claude and OpenAI that have a rate go on up to so many tokens, and there wait for the next call:
   * what a test does meanwhile may take any time. `Infinity`, also after a reset, holds none back.
   */
  holdAt(tokens: number): void;
  /** Forgets requests, totals, keys and what Dify apps keep. Open streams and runs go on. */
  reset(): void;
  /** Cuts all connections and stops listening. */
  close(): Promise<void>;
}

function watchClose(x: Exchange, closed: AbortController): void {
  x.res.once('close', () => {
    if (x.res.writableEnded || x.dropped) {
      x.request.finished_at = wallClock();
    } else {
      x.request.aborted_at = wallClock();
      x.state.counters.aborts += 1;
      x.state.counters.lastAbortAt = x.request.aborted_at;
    }
    closed.abort();
  });
}

async function serveProvider(
  state: SimulatorState,
  provider: Provider,
  path: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const time = wallClock();
  const query = (req.url ?? '').slice(path.length + 1);
  const body = await (provider.readBody ?? readBody)(req, state);
  const request: CapturedRequest = {
    id: state.counters.requests + 1,
    provider: provider.name,
    method: req.method ?? 'GET',
    path,
    ...(query && { query }),
    headers: req.headers,
    body,
    time,
    tokens_sent: 0,
  };
  capture(state, request);
  const closed = new AbortController();
  const below = path.slice(provider.prefix.length);
  const search = new URLSearchParams(query);
  const x: Exchange = { request, path: below, query: search, res, state, closed: closed.signal, dropped: false };
  watchClose(x, closed);
  await provider.answer(x);
}

function serveControl(state: SimulatorState, route: string, res: ServerResponse): void {
  if (route === 'GET /__sim/state') {
    sendJson(res, 200, { ...state.counters, dify: state.dify.counters });
  } else if (route === 'GET /__sim/requests') {
    sendJson(res, 200, state.requests);
  } else if (route === 'POST /__sim/reset') {
    resetState(state);
    sendJson(res, 200, state.counters);
  } else {
    sendJson(res, 404, { error: { message: `Not found: ${route}`, type: 'invalid_request_error', code: null } });
  }
}

async function serve(state: SimulatorState, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = (req.url ?? '/').split('?')[0] ?? '/';
  const provider = PROVIDERS.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`));
  if (provider) {
    await serveProvider(state, provider, path, req, res);
    return;
  }
  req.resume();
  serveControl(state, `${req.method ?? 'GET'} ${path}`, res);
}

function onFailure(res: ServerResponse, error: unknown): void {
  // Every wait ends with an AbortError when the client hangs up, and so does reading its request.
  if (res.destroyed || res.socket?.destroyed) return;
  console.error('simulator:', error);
  if (!res.headersSent) sendJson(res, 500, { error: { message: 'simulator failure' } });
  else res.destroy();
}

/** Starts a simulator, by default on 127.0.0.1 and a free port. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const host = options.host ?? '127.0.0.1';
  const state = createState(options.scripts);
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (req, res) => {
    serve(state, req, res).catch((error: unknown) => onFailure(res, error));
  });
  const port = await listen(server, options.port ?? 0, host);
  return {
    url: urlOf(host, port),
    port,
    requests: state.requests,
    counters: state.counters,
    dify: state.dify.counters,
    holdAt: (tokens) => {
      state.heldAt = tokens;
    },
    reset: () => resetState(state),
    close: () => closeServer(server),
  };
}
