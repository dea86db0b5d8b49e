/**
 * The provider of the bench: the project's simulator in a process of its own, which notes when it sends each token.
 *
 * Only requests whose prompt has a tag (`#name`) are noted. A response is matched with its request by the header object,
 * which both have in common, so the simulator needs no change.
 */
import { ServerResponse } from 'node:http';
import { type Simulator, startSimulator } from '../tools/simulator/simulator.js';
import { clockMs, fromPerformance } from './measure/clock.js';

/** What was sent to one tagged request; times of {@link clockMs}. */
export interface Sent {
  /** When the request had come. */
  askedAt: number;
  /** One per token. */
  times: number[];
  /** When the connection was closed or the answer ended. */
  closedAt: number;
}

/** What stands once in the event of each token, of Claude, Dify or OpenAI. */
const TOKEN = /"text_delta"|"event":"message",|"delta":\{"content":"./g;
const sent = new Map<string, Sent>();
const known = new WeakMap<ServerResponse, Sent | null>();

function tagOf(body: unknown): string | undefined {
  return /"#(\w+) /.exec(JSON.stringify(body))?.[1];
}

/** The notes of a response; null when its request has no tag. */
function notesOf(simulator: Simulator, res: ServerResponse): Sent | null {
  const found = known.get(res);
  if (found !== undefined) return found;
  const request = simulator.requests.findLast(({ headers }) => headers === res.req.headers);
  const tag = request && tagOf(request.body);
  const notes: Sent | null =
    tag === undefined ? null : { askedAt: fromPerformance(request?.time ?? NaN), times: [], closedAt: 0 };
  if (notes && tag !== undefined) {
    sent.set(tag, notes);
    res.once('close', () => (notes.closedAt = clockMs()));
  }
  known.set(res, notes);

  return notes;
}

function note(simulator: Simulator, res: ServerResponse, chunk: unknown): void {
  const notes = notesOf(simulator, res);
  if (!notes || typeof chunk !== 'string') return;
  const now = clockMs();
  for (const _token of chunk.matchAll(TOKEN)) notes.times.push(now);
}

const simulator = await startSimulator();
const write: unknown = Reflect.get(ServerResponse.prototype, 'write');
ServerResponse.prototype.write = function (this: ServerResponse, ...args: unknown[]): boolean {
  note(simulator, this, args[0]);

  return Reflect.apply(write as (...args: unknown[]) => boolean, this, args);
} as typeof ServerResponse.prototype.write;

process.on('message', ({ id }: { id: number }) => {
  process.send?.({ id, answer: new Map(sent) });
  sent.clear();
});
process.on('disconnect', () => process.exit(0));
process.stdout.write(`${simulator.url}\n`);
