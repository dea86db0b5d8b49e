/** The load: streams of one server, opened and read with plain node:http. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { generatedTokens } from '../tools/simulator/simulator.js';
import { AnswerCheck } from './measure/answer-check.js';
import { clockMs } from './measure/clock.js';
import type { Server, Via } from './server.js';

/** What the provider is to answer. */
export interface Script {
  tokens: number;
  /** Tokens per second; 0 = as fast as possible. */
  rate: number;
  /** Characters per token. */
  size?: number;
  /** Tokens in each write of the provider, at full speed; as many as are in 16 KB when it says nothing. */
  perWrite?: number;
  /** Claude, unless it says otherwise. */
  via?: Via;
}

export interface StreamOptions {
  /** Makes the provider note its times under this name, and the stream keep when each token came. */
  tag?: string;
  /** Stop reading for so long once the answer has begun. */
  stallMs?: number;
}

const TOKEN_SIZE = 6;
const REFUSALS = new Set([429, 503]);
const agent = new Agent({ keepAlive: true, maxSockets: Infinity, scheduling: 'lifo' });
const answers = new Map<string, Expected>();

/** The answer that a script asks for. */
interface Expected {
  text: string;
  /** Characters up to the end of each token: numbers may make tokens longer than the script says. */
  ends: number[];
}

function expectedOf({ tokens, size = TOKEN_SIZE }: Script): Expected {
  const key = `${tokens},${size}`;
  const known = answers.get(key);
  if (known) return known;
  let end = 0;
  const parts = generatedTokens(tokens, size);
  const expected = { text: parts.join(''), ends: parts.map((part) => (end += part.length)) };
  answers.set(key, expected);

  return expected;
}

/** What tells the provider how to answer. */
function promptOf({ tokens, rate, size = TOKEN_SIZE, perWrite }: Script, tag: string | undefined): string {
  const directive = `tokens=${tokens} rate=${rate} size=${size}${perWrite ? ` per_write=${perWrite}` : ''}`;

  return `${tag === undefined ? '' : `#${tag} `}[sim ${directive}]`;
}

/** One answer on its way. */
export class LoadStream {
  readonly openedAt = clockMs();
  /** When the first token came; 0 before. */
  firstAt = 0;
  /** When the answer had ended; 0 before. */
  endedAt = 0;
  /** Whether the server had no place for it. */
  refused = false;
  /** When each token came, for tagged streams. */
  readonly times: number[] = [];
  readonly check: AnswerCheck;
  readonly ended: Promise<void>;
  private readonly request: ClientRequest;
  private readonly ends: readonly number[];
  private seen = 0;
  private end!: () => void;

  constructor(
    server: Server,
    script: Script,
    private readonly options: StreamOptions = {},
  ) {
    const { via = 'claude' } = script;
    const target = server.targets[via];
    if (!target) throw new Error(`${server.name} does not speak ${via}`);
    const expected = expectedOf(script);
    this.ends = expected.ends;
    this.check = new AnswerCheck(expected.text, target.wire);
    this.ended = new Promise((resolve) => (this.end = resolve));
    const headers = { 'content-type': 'application/json', ...target.headers };
    this.request = request(target.url, { method: 'POST', agent, headers }, (res) => this.read(res));
    this.request.on('error', (error) => this.finish(error.message));
    this.request.end(JSON.stringify(target.body(promptOf(script, options.tag))));
  }

  /** Whether the stream has begun and goes on. */
  get isOpen(): boolean {
    return this.firstAt > 0 && this.endedAt === 0;
  }

  /** Tokens that have come so far. */
  get tokens(): number {
    while ((this.ends[this.seen] ?? Infinity) <= this.check.length) this.seen += 1;

    return this.seen;
  }

  /** Hangs up. */
  abort(): void {
    this.request.destroy();
  }

  private read(res: IncomingMessage): void {
    this.refused = REFUSALS.has(res.statusCode ?? 0);
    if (res.statusCode !== 200) this.check.fail(`status ${res.statusCode}`);
    res.setEncoding('utf8');
    res.on('data', (text: string) => this.onData(res, text));
    res.on('error', (error) => this.finish(error.message));
    res.on('end', () => this.finish(null));
  }

  private onData(res: IncomingMessage, text: string): void {
    this.check.feed(text);
    if (this.check.length === 0) return;
    const now = clockMs();
    if (this.firstAt === 0) {
      this.firstAt = now;
      if (this.options.stallMs) stall(res, this.options.stallMs);
    }
    if (this.options.tag) while (this.times.length < this.tokens) this.times.push(now);
  }

  private finish(problem: string | null): void {
    if (problem) this.check.fail(problem);
    this.check.end();
    this.endedAt = clockMs();
    this.end();
  }
}

function stall(res: IncomingMessage, ms: number): void {
  res.pause();
  setTimeout(() => res.resume(), ms);
}

/** Opens streams all at once. */
export function openStreams(
  server: Server,
  count: number,
  script: Script,
  tag?: (index: number) => string,
): LoadStream[] {
  return Array.from({ length: count }, (_, index) => new LoadStream(server, script, tag && { tag: tag(index) }));
}

/** Opens streams one after the other, evenly over so many milliseconds. @param options.into where they appear at once */
export async function openEvenly(
  server: Server,
  count: number,
  withinMs: number,
  script: Script,
  { tag, into = [] }: { tag?: (index: number) => string; into?: LoadStream[] } = {},
): Promise<LoadStream[]> {
  const startedAt = clockMs();
  while (into.length < count) {
    const due = Math.min(count, Math.floor(((clockMs() - startedAt) * count) / withinMs) + 1);
    while (into.length < due) into.push(new LoadStream(server, script, tag && { tag: tag(into.length) }));
    await sleep(1);
  }

  return into;
}

/** Tokens that have come on all of these streams. */
export function countTokens(streams: readonly LoadStream[]): number {
  return streams.reduce((sum, { tokens }) => sum + tokens, 0);
}

/** Waits for the end of all. @throws when an answer was not the expected one, or all were refused */
export async function allAdmittedRight(server: Server, streams: readonly LoadStream[]): Promise<void> {
  await Promise.all(streams.map(({ ended }) => ended));
  const admitted = streams.filter(({ refused }) => !refused);
  await allRight(server, admitted.length > 0 ? admitted : streams);
}

/** Waits for the end of all. @throws when an answer was not the expected one */
export async function allRight(server: Server, streams: readonly LoadStream[]): Promise<void> {
  await Promise.all(streams.map(({ ended }) => ended));
  const wrong = streams.flatMap(({ check }) => check.problem ?? []);
  if (wrong.length > 0)
    throw new Error(`${server.name}: ${wrong.length} of ${streams.length} answers are wrong: ${wrong[0]}`);
}
