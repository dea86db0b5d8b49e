import { firstPart } from '../../common/text/text-cut.js';
import type { GitOutput } from './git.js';

/** Bytes of a patch. */
const MAX_PATCH = 256 * 1024;
const MAX_STAT = 32 * 1024;

/** What a turn has changed in the repository. */
export interface TurnDiff {
  /** The branch of the work. */
  branch: string;
  /** The commit before the turn. */
  base: string;
  /** The commit of the turn; none when nothing was committed. */
  commit?: string;
  /** Files with their added and removed lines. */
  stat: string;
  /** In the format of git, at most 256 KiB. */
  patch: string;
  /** Only when the patch was cut. */
  is_cut?: boolean;
}

type GitCall = (args: readonly string[], maxOutput?: number) => Promise<GitOutput>;

/** Compares what is staged with the commit before the turn. @returns null without a change @throws GitError */
export async function stagedDiff(git: GitCall, branch: string, base: string): Promise<TurnDiff | null> {
  const options = ['diff', '--cached', '--no-color', '--no-ext-diff', '--no-textconv'];
  const stat = await git([...options, '--stat=120', base, '--'], MAX_STAT);
  if (stat.text.trim() === '') return null;
  const patch = await git([...options, base, '--'], MAX_PATCH);
  // A character of the cut may be half; and so may its last line.
  const text = patch.isCut ? firstPart(patch.text, patch.text.lastIndexOf('\n') + 1) : patch.text;

  return { branch, base, stat: stat.text.trimEnd(), patch: text, ...(patch.isCut && { is_cut: true }) };
}
