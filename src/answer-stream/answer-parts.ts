/** Reads the parts of answers that executors report: each function returns what can be shown of a value, or undefined. Pure. */
import type { AnswerFile, Source, Step, Usage } from '../common/contracts/chat-event.js';
import { STEP_REQUIRED } from '../common/contracts/answer-schemas.js';
import { cut, truncateDetail } from '../common/text/detail.js';
import { asNumber, asObject, asText, isJsonObject, type JsonObject } from '../common/text/json.js';
import { firstPart } from '../common/text/text-cut.js';

const MAX_NAME = 500;
const MAX_URL = 8_000;
const MAX_SOURCES = 100;
const MAX_QUESTIONS = 20;
const MAX_DETAILS = 20;
/** Wegent's executors repeat all thoughts with each report: the newest ones are shown. */
const MAX_THOUGHTS = 200;

const KINDS: readonly string[] = STEP_REQUIRED.kind.enum;
const STATUSES: readonly string[] = STEP_REQUIRED.status.enum;

/** A step; its long texts are cut. */
export function stepOf(value: unknown): Step | undefined {
  const given = asObject(value);
  const id = nameIn(given, 'step_id');
  const { kind, status } = given ?? {};
  if (!given || id === undefined || !KINDS.includes(String(kind)) || !STATUSES.includes(String(status)))
    return undefined;
  const detail = detailOf(given.detail);
  const error = asText(given.error);

  return {
    ...{
      step_id: id,
      kind: kind as Step['kind'],
      title: nameIn(given, 'title') ?? id,
      status: status as Step['status'],
    },
    ...namesIn(given, 'node_type', 'parent_id'),
    ...countsIn(given, 'index', 'elapsed_ms', 'tokens'),
    ...(detail && { detail }),
    ...(error !== undefined && { error: cut(error) }),
  };
}

export function fileOf(value: unknown): AnswerFile | undefined {
  const given = asObject(value);
  const [id, kind, url] = [nameIn(given, 'id'), nameIn(given, 'kind'), asText(given?.url)];
  if (!given || id === undefined || url === undefined || url.length > MAX_URL) return undefined;

  return { id, kind: kind ?? 'custom', ...namesIn(given, 'name', 'mime_type'), url };
}

export function sourceOf(value: unknown): Source | undefined {
  const given = asObject(value);
  const title = nameIn(given, 'title');
  if (!given || title === undefined) return undefined;
  const [url, content, score] = [asText(given.url), asText(given.content), asNumber(given.score)];

  return {
    title,
    ...(url !== undefined && url.length <= MAX_URL && { url }),
    ...(content !== undefined && { content: cut(content) }),
    ...(score !== undefined && { score }),
    ...namesIn(given, 'document', 'dataset'),
    ...countsIn(given, 'position'),
  };
}

export function usageOf(value: unknown): Usage | undefined {
  const given = asObject(value);
  if (!given) return undefined;
  const counts = countsIn(given, 'input_tokens', 'output_tokens', 'total_tokens', 'reasoning_tokens', 'cached_tokens');
  const { input_tokens: input = 0, output_tokens: output = 0 } = counts;
  const cost = asNumber(given.cost);
  if (counts.input_tokens === undefined && counts.output_tokens === undefined) return undefined;

  return {
    ...{ input_tokens: input, output_tokens: output, total_tokens: input + output },
    ...counts,
    ...(cost !== undefined && cost >= 0 && { cost, ...namesIn(given, 'currency') }),
  };
}

export const sourcesOf = (value: unknown) => listOf(value, sourceOf, MAX_SOURCES);
export const questionsOf = (value: unknown) => listOf(value, shortText, MAX_QUESTIONS);

/** The items of a list that can be read, the first `max` of them; empty for anything else. */
export function listOf<T>(value: unknown, read: (item: unknown) => T | undefined, max: number): T[] {
  return Array.isArray(value) ? value.slice(0, max).flatMap((item) => read(item) ?? []) : [];
}

/** The thoughts that Wegent's executors report, as steps. @param isRunning whether the last one goes on */
export function thoughtsOf(value: unknown, isRunning: boolean): Step[] {
  if (!Array.isArray(value)) return [];
  const start = Math.max(0, value.length - MAX_THOUGHTS);

  return value.slice(start).flatMap((item: unknown, place): Step[] => {
    const given = asObject(item);
    if (!given) return [];
    const index = start + place;
    const goesOn = isRunning && index === value.length - 1;
    const next = nameIn(given, 'next_action');
    const detail = { ...detailOf(given.details), ...(next !== undefined && { next_action: next }) };

    return [
      {
        ...{ step_id: `thinking:${index}`, kind: 'thought', title: nameIn(given, 'title') ?? `Step ${index + 1}` },
        ...{ status: goesOn ? 'running' : 'succeeded', index },
        ...(Object.keys(detail).length > 0 && { detail }),
      },
    ];
  });
}

function detailOf(value: unknown): Record<string, string> | undefined {
  if (!isJsonObject(value)) return undefined;
  const entries = Object.entries(value).slice(0, MAX_DETAILS);
  if (entries.length === 0) return undefined;

  return Object.fromEntries(entries.map(([name, each]) => [firstPart(name, MAX_NAME), truncateDetail(each)]));
}

function shortText(value: unknown): string | undefined {
  const text = asText(value);

  return text === undefined ? undefined : firstPart(text, MAX_NAME);
}

const nameIn = (given: JsonObject | undefined, name: string) => shortText(given?.[name]);

function namesIn<Name extends string>(given: JsonObject, ...names: Name[]): Partial<Record<Name, string>> {
  return pick(names, (name) => nameIn(given, name));
}

function countsIn<Name extends string>(given: JsonObject, ...names: Name[]): Partial<Record<Name, number>> {
  return pick(names, (name) => {
    const count = asNumber(given[name]);

    return count !== undefined && count >= 0 ? Math.round(count) : undefined;
  });
}

function pick<Name extends string, T>(names: readonly Name[], read: (name: Name) => T | undefined) {
  const found = names.flatMap((name) => {
    const value = read(name);

    return value === undefined ? [] : [[name, value] as const];
  });

  return Object.fromEntries(found) as Partial<Record<Name, T>>;
}
