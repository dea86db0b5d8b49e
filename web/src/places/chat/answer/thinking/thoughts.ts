/** One step that an executor has reported. */
export interface Thought {
  title: string;
  detail: string;
}

const MAX_DETAIL_CHARS = 4_000;

/** Reads `result.thinking`: what executors write there is theirs, so that anything may stand in it. */
export function thoughtsOf(result: Record<string, unknown> | null): readonly Thought[] {
  const thinking = result?.['thinking'];
  if (!Array.isArray(thinking)) return [];

  return thinking.map(toThought).filter((thought) => thought !== null);
}

function toThought(entry: unknown): Thought | null {
  if (typeof entry === 'string') return { title: entry, detail: '' };
  if (typeof entry !== 'object' || entry === null || !('title' in entry) || typeof entry.title !== 'string')
    return null;
  const details = 'details' in entry ? entry.details : null;

  return { title: entry.title, detail: detailOf(details) };
}

function detailOf(details: unknown): string {
  if (typeof details === 'string') return details.slice(0, MAX_DETAIL_CHARS);
  if (typeof details !== 'object' || details === null || Object.keys(details).length === 0) return '';

  return JSON.stringify(details, null, 2).slice(0, MAX_DETAIL_CHARS);
}
