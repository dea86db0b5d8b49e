/** What a turn of an executor has changed in its repository: `result.diff`. */
export interface TurnDiff {
  branch: string;
  /** The commit before the turn. */
  base: string;
  /** The commit of the turn; null when nothing was committed. */
  commit: string | null;
  /** Files with their added and removed lines, as git prints them. */
  stat: string;
  patch: string;
  isCut: boolean;
}

/** One file of a patch. */
export interface ChangedFile {
  path: string;
  added: number;
  removed: number;
  /** The hunks, without the lines of git before them. */
  text: string;
}

/** Reads the change of a result; results of other executors may have anything in its place. */
export function turnDiffOf(result: Record<string, unknown> | null | undefined): TurnDiff | null {
  const diff = result?.['diff'];
  if (typeof diff !== 'object' || diff === null) return null;
  const fields = diff as Record<string, unknown>;
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '');
  if (text('patch') === '' && text('stat') === '') return null;

  return {
    branch: text('branch'),
    base: text('base'),
    commit: text('commit') || null,
    stat: text('stat'),
    patch: text('patch'),
    isCut: fields['is_cut'] === true,
  };
}

/** Splits a patch of git into its files. */
export function filesOf(patch: string): readonly ChangedFile[] {
  return patch
    .split(/^(?=diff --git )/m)
    .filter((part) => part.startsWith('diff --git '))
    .map(toFile);
}

function toFile(part: string): ChangedFile {
  const at = part.search(/^@@ /m);
  const text = at < 0 ? '' : part.slice(at).trimEnd();
  const lines = text.split('\n');

  return {
    path: pathOf(at < 0 ? part : part.slice(0, at)),
    added: lines.filter((line) => line.startsWith('+')).length,
    removed: lines.filter((line) => line.startsWith('-')).length,
    text,
  };
}

/** The path after the change, that before it for a deleted file. */
function pathOf(head: string): string {
  const named = /^\+\+\+ b\/(.+)$/m.exec(head) ?? /^--- a\/(.+)$/m.exec(head) ?? /^rename to (.+)$/m.exec(head);

  return named?.[1] ?? /^diff --git a\/.+ b\/(.+)$/m.exec(head)?.[1] ?? '';
}
