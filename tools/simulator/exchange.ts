// One request and its answer: what a provider gets, and the few ways it can reply.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plan } from './plan.js';
import type { CapturedRequest, SimulatorState } from './state.js';

/** Header names and values of an answer. */
export type Headers = Record<string, string>;

/** One request on its way through the simulator. */
export interface Exchange {
  readonly request: CapturedRequest;
  /** The path below the prefix of the provider. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly res: ServerResponse;
  readonly state: SimulatorState;
  /** Aborts when the connection closes, for whatever reason. */
  readonly closed: AbortSignal;
  /** Set before the simulator itself tears the connection down: that is no abort by the client. */
  dropped: boolean;
}

/** A family of endpoints below one prefix. Another provider is another file with one of these. */
export interface Provider {
  readonly name: string;
  readonly prefix: string;
  /** Reads a body that is no JSON; what it gives is captured as the body. */
  readonly readBody?: (req: IncomingMessage, state: SimulatorState) => Promise<unknown>;
  /** Answers every request below the prefix, unknown paths as well. */
  answer(exchange: Exchange): Promise<void>;
}

/** What a case does with a request. */
export type Reply =
  | { kind: 'stream'; plan: Plan }
  | { kind: 'body'; status: number; type: string; body: string; headers?: Headers }
  | { kind: 'hang' };
