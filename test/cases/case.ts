/** The recorded cases: what providers, gateways and proxies send, and what is to become of it. README.md explains them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const CASES_DIR = join(import.meta.dirname, '.');

type OneOrMany<T> = T | readonly T[];

/** A part of a reply. */
export interface Piece {
  file?: string;
  data?: string;
  base64?: string;
  delayMs?: number;
  /** How the connection ends behind the last piece: `cut` omits the last chunk of HTTP. */
  close?: 'end' | 'cut' | 'reset' | 'open';
}

/** What a provider replies. Without `chunks`, it is a piece itself. */
export interface Served extends Piece {
  /** Patterns that the request has to match, or, as `not_…`, must not match. */
  when?: Record<string, string>;
  status?: number;
  headers?: Record<string, string>;
  chunks?: readonly Piece[];
  /** The bytes are the whole reply, head included. */
  raw?: boolean;
  bytesPerWrite?: number;
  repeat?: { data: string; everyMs: number };
}

/** What a turn is to come to; only what is there is compared. */
export interface Expected {
  any?: readonly Expected[];
  terminal?: OneOrMany<string>;
  text?: OneOrMany<string>;
  text_contains?: OneOrMany<string>;
  text_not_empty?: boolean;
  reasoning?: OneOrMany<string>;
  reasoning_contains?: OneOrMany<string>;
  finish_reason?: OneOrMany<string>;
  code?: OneOrMany<string>;
  code_not?: OneOrMany<string>;
  status?: OneOrMany<number>;
  retryable?: OneOrMany<boolean>;
  error_contains?: OneOrMany<string>;
  usage?: Record<string, number>;
  events?: readonly unknown[];
  /** A number, or the least and the most. */
  requests?: OneOrMany<number>;
  connections?: OneOrMany<number>;
  /** Limits the wait for the end; not compared, because the machine may be busy. */
  max_ms?: number;
  request?: ExpectedRequest;
}

/** What the last request of a turn is to hold. */
export interface ExpectedRequest {
  contains?: OneOrMany<string>;
  lacks?: OneOrMany<string>;
  lacks_pattern?: OneOrMany<string>;
  url_contains?: OneOrMany<string>;
  headers?: Record<string, string>;
  history?: 'same as stream';
}

export interface CaseTurn {
  prompt?: string;
  cancel_at?: string;
  serve?: OneOrMany<Served>;
  expect: Expected;
}

export interface ProviderCase extends Partial<CaseTurn> {
  id: string;
  kind: string;
  title: string;
  provider: 'openai' | 'claude' | 'dify';
  app?: string;
  routes?: Record<string, Served>;
  model?: { baseUrl?: string; modelId?: string; apiKey?: string; parameters?: object; headers?: object };
  env?: object;
  system?: string;
  via?: 'bot';
  tls?: { key: string; cert: string };
  action?: 'test-connection';
  turns?: readonly CaseTurn[];
}

export function readCases(): ProviderCase[] {
  return JSON.parse(readFileSync(join(CASES_DIR, 'cases.json'), 'utf8')) as ProviderCase[];
}

export function turnsOf({ turns, serve, expect, prompt, cancel_at }: ProviderCase): readonly CaseTurn[] {
  if (turns) return turns;
  const optional = { ...(serve && { serve }), ...(prompt && { prompt }), ...(cancel_at && { cancel_at }) };

  return [{ ...optional, expect: expect ?? {} }];
}

export function many<T>(value: OneOrMany<T> | undefined): readonly T[] {
  if (value === undefined) return [];

  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
