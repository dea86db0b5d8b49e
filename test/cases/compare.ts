/** Compares what a turn has come to with what a case expects. */
import { isJsonObject } from '../../src/common/text/json.js';
import { type Expected, type ExpectedRequest, many } from './case.js';
import type { Actual } from './run.js';

const SHOWN = 200;

/** @returns the differences, a phrase each; of several good ways those to the nearest */
export function differencesOf(expected: Expected, actual: Actual): string[] {
  const { any, ...rest } = expected;
  if (!any) return compare(rest, actual);
  const ways = any.map((way) => compare({ ...rest, ...way }, actual));

  return ways.reduce((nearest, way) => (way.length < nearest.length ? way : nearest));
}

function compare(expected: Expected, actual: Actual): string[] {
  const requests = within('requests', expected.requests, actual.requests.length);
  const end = oneOf('end', expected.terminal, actual.terminal);
  // The rest would differ because of that.
  if (end.length > 0)
    return [`${end.join('')} (${actual.code ?? actual.finishReason}: ${actual.error ?? ''})`, ...requests];

  return [
    ...requests,
    ...within('connections', expected.connections, actual.connections),
    ...oneOf('text', expected.text, actual.text),
    ...(expected.text_not_empty && actual.text.trim() === '' ? ['text: expected some'] : []),
    ...contains('text', expected.text_contains, actual.text),
    ...oneOf('reasoning', many(expected.reasoning).map(squeezed), squeezed(actual.reasoning)),
    ...contains('reasoning', expected.reasoning_contains, actual.reasoning),
    ...oneOf('finish_reason', expected.finish_reason, actual.finishReason),
    ...oneOf('code', expected.code, actual.code),
    ...many(expected.code_not).flatMap((code) => (code === actual.code ? [`code: expected another than ${code}`] : [])),
    ...oneOf('status', expected.status, actual.status),
    ...oneOf('retryable', expected.retryable, actual.retryable),
    ...contains('error', expected.error_contains, actual.error ?? ''),
    ...usage(expected.usage, actual),
    ...events(expected.events, actual),
    ...lastRequest(expected.request ?? {}, actual),
  ];
}

function oneOf(what: string, wanted: unknown, got: unknown): string[] {
  const list = many(wanted);
  if (list.length === 0 || list.includes(got)) return [];

  return [`${what}: expected ${list.map(shown).join(' or ')}, got ${shown(got)}`];
}

function within(what: string, wanted: Expected['requests'], got: number): string[] {
  const [least, most = least] = many(wanted);
  if (least === undefined || most === undefined || (got >= least && got <= most)) return [];

  return [`${what}: expected ${least} to ${most}, got ${got}`];
}

function contains(what: string, wanted: Expected['text_contains'], got: string): string[] {
  return many(wanted)
    .filter((part) => !got.toLowerCase().includes(part.toLowerCase()))
    .map((part) => `${what}: expected ${shown(part)} in ${shown(got)}`);
}

function usage(wanted: Record<string, number> = {}, { events: all }: Actual): string[] {
  const got: object = all.findLast(({ data }) => data.type === 'usage')?.data ?? {};

  return Object.entries(wanted).flatMap(([name, count]) => {
    const value = Object.entries(got).find(([key]) => key === name)?.[1] as unknown;

    return value === count ? [] : [`usage.${name}: expected ${count}, got ${shown(value)}`];
  });
}

function events(wanted: readonly unknown[] = [], { events: all }: Actual): string[] {
  const missing = wanted.filter((part) => !all.some(({ data }) => isPart(part, data)));

  return missing.map((part) => `events: expected ${shown(part)} among ${all.map(({ data }) => data.type).join()}`);
}

/** Whether a value has all that another one names; `~x` stands for anything with x in it. */
function isPart(wanted: unknown, got: unknown): boolean {
  if (typeof wanted === 'string' && wanted.startsWith('~'))
    return JSON.stringify(got ?? '')
      .toLowerCase()
      .includes(wanted.slice(1).toLowerCase());
  if (!isJsonObject(wanted)) return wanted === got;

  return isJsonObject(got) && Object.entries(wanted).every(([name, part]) => isPart(part, got[name]));
}

function lastRequest(wanted: ExpectedRequest, { requests, before }: Actual): string[] {
  const { body = '', url = '', headers = {} } = requests.at(-1) ?? {};
  const present = many(wanted.lacks).filter((part) => body.includes(part));
  const matched = many(wanted.lacks_pattern).filter((pattern) => new RegExp(pattern, 'i').test(body));
  const others = Object.entries(wanted.headers ?? {}).filter(([name, value]) => headers[name] !== value);

  return [
    ...contains('request', wanted.contains, body),
    ...contains('request URL', wanted.url_contains, url),
    ...[...present, ...matched].map((part) => `request: expected no ${shown(part)}`),
    ...others.map(([name, value]) => `request header ${name}: expected ${value}, got ${shown(headers[name])}`),
    ...(wanted.history && !repeats(body, before) ? [`request: expected the answer before, ${shown(before)}`] : []),
  ];
}

/** Whether a request holds the answer of the turn before as it was streamed. */
function repeats(body: string, before: string | undefined): boolean {
  const { messages = [] } = JSON.parse(body || '{}') as { messages?: { role: string; content: unknown }[] };

  return messages.some(({ role, content }) => role === 'assistant' && content === before);
}

function squeezed(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, SHOWN);
}
