/** Reads the sources of an answer: annotations, citations, results of searches. */
import { firstPart } from '../../../common/text/text-cut.js';
import type { Source } from '../../../common/contracts/chat-event.js';
import { asNumber, asObject, asText, type JsonObject } from '../../../common/text/json.js';

/** Objects within which a source is described. `web` and `retrievedContext` are Gemini's. */
const INNER = [
  'url_citation',
  'citation',
  'web',
  'retrievedContext',
  'retrieved_context',
  'document',
  'source',
  'file_citation',
];
/** Fields that hold a list of sources. */
const LISTS = [
  'groundingChunks',
  'grounding_chunks',
  'search_results',
  'results',
  'citations',
  'sources',
  'web_search_results',
  'documents',
];
const URLS = ['url', 'link', 'uri', 'href', 'source_url', 'source'];
const TITLES = ['title', 'name', 'document_title', 'filename', 'filepath', 'site_name', 'media'];
const CONTENTS = ['snippet', 'cited_text', 'quote', 'text', 'content', 'summary'];
const MAX_SOURCES = 100;
const MAX_CONTENT = 2000;
const MAX_DEPTH = 4;

/** Adds the sources that a value holds to a list, each once. @returns whether the list has changed */
export function addSources(value: unknown, sources: Source[]): boolean {
  let changed = false;
  for (const source of sourcesIn(value, 0)) changed = addSource(source, sources) || changed;

  return changed;
}

/** Adds a source, or what is not known yet of the one that has the same address. @returns whether the list has changed */
export function addSource(source: Source, sources: Source[]): boolean {
  const at = sources.findIndex((known) => keyOf(known) === keyOf(source));
  const known = sources[at];
  if (!known) {
    if (sources.length >= MAX_SOURCES) return false;
    sources.push({ ...source, position: sources.length + 1 });

    return true;
  }
  const isNamed = known.title !== known.url;
  const merged = { ...source, ...known, title: isNamed ? known.title : source.title };
  if (JSON.stringify(merged) === JSON.stringify({ ...known })) return false;
  sources[at] = merged;

  return true;
}

const keyOf = ({ url, title }: Source) => url ?? title;

function sourcesIn(value: unknown, depth: number): Source[] {
  if (depth > MAX_DEPTH) return [];
  if (typeof value === 'string') return /^https?:\/\//.test(value) ? [{ title: value, url: value }] : [];
  if (Array.isArray(value)) return value.flatMap((each) => sourcesIn(each, depth + 1));
  const object = asObject(value);
  if (!object) return [];
  const list = LISTS.find((name) => Array.isArray(object[name]));
  if (list !== undefined) return sourcesIn(object[list], depth + 1);
  const inner = INNER.map((name) => asObject(object[name])).find((each) => each !== undefined);
  const own = sourceOf({ ...object, ...inner });

  return own ? [own] : [];
}

function sourceOf(object: JsonObject): Source | null {
  const url = firstText(object, URLS, (text) => /^https?:\/\//.test(text));
  const title = firstText(object, TITLES) ?? url;
  if (title === undefined) return null;
  const content = firstText(object, CONTENTS);
  const score = asNumber(object['score']);

  return {
    title,
    ...(url !== undefined && { url }),
    ...(content !== undefined && { content: firstPart(content, MAX_CONTENT) }),
    ...(score !== undefined && { score }),
  };
}

function firstText(object: JsonObject, names: readonly string[], fits = (_text: string) => true): string | undefined {
  return names.map((name) => asText(object[name])).find((text) => text !== undefined && fits(text));
}
