import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../engines/engine.js';
import { type Log, messageOf, type Redactor } from '../log.js';
import type { WorkAuthor, WorkItem } from '../tasks/work-item.js';
import { git, GitError, type GitOptions, type GitOutput } from './git.js';
import { cloneCall, cloneProblem } from './git-remote.js';
import { stagedDiff, type TurnDiff } from './turn-diff.js';
import { WorkspaceState } from './workspace-state.js';

const CLONE_TIMEOUT_MS = 15 * 60_000;
/** A volume may be new, and large repositories take their time to be compared. */
const GIT_TIMEOUT_MS = 120_000;
const MAX_SUBJECT = 72;

/** The directory of a task: its repository, the home of the engines, and what the executor remembers. */
export class Workspace {
  /** Where engines work. */
  readonly repository: string;
  readonly home: string;
  readonly state: WorkspaceState;
  /** Whether no turn has worked here before; known once it is open. */
  isNew = false;

  constructor(
    root: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    this.repository = join(root, 'repo');
    this.home = join(root, '.home');
    this.state = new WorkspaceState(join(root, '.conch'));
  }

  /**
   * Prepares the directory for a turn: clones the repository for the first one.
   * @returns whether an earlier attempt at the same turn has begun here
   * @throws EngineError in the words of the user
   */
  async open(work: WorkItem, hide: Redactor, signal: AbortSignal): Promise<boolean> {
    mkdirSync(this.home, { recursive: true, mode: 0o700 });
    if (work.repository && !this.hasRepository) await this.clone(work, hide, signal);
    mkdirSync(this.repository, { recursive: true });
    // Left behind by a git that was killed; nothing else works here now.
    await rm(join(this.repository, '.git', 'index.lock'), { force: true });
    const before = this.state.turn();
    this.isNew = before === null;
    const isRepeated = before?.subtaskId === work.subtaskId;
    if (!isRepeated) this.state.saveTurn({ subtaskId: work.subtaskId, base: await this.head(signal) });

    return isRepeated;
  }

  /**
   * Says what the turn has changed, and commits it.
   * @param commits whether to commit: a turn that has failed leaves its changes for the next one
   * @returns null without a repository, and without a change
   */
  async close(work: WorkItem, commits: boolean, log: Log): Promise<TurnDiff | null> {
    const base = this.state.turn()?.base;
    if (!this.hasRepository || !base) return null;
    try {
      await this.git(['add', '--all']);
      const branch = (await this.git(['rev-parse', '--abbrev-ref', 'HEAD'])).text.trim();
      const diff = await stagedDiff((args, maxOutput) => this.git(args, { maxOutput }), branch, base);
      if (!diff || !commits) return diff;
      const commit = await this.commit(work);

      return { ...diff, commit };
    } catch (error) {
      log.line(`the changes of the turn are not known: ${messageOf(error)}`);

      return null;
    }
  }

  private get hasRepository(): boolean {
    return existsSync(join(this.repository, '.git'));
  }

  private async clone(work: WorkItem, hide: Redactor, signal: AbortSignal): Promise<void> {
    const { repository, author } = work;
    if (!repository) return;
    // Only a whole clone gets the name that counts.
    const made = `${this.repository}.${randomUUID()}`;
    try {
      const { args, env } = cloneCall(repository, author, made);
      const options = { cwd: this.home, env: { ...this.env, ...env }, signal, timeoutMs: CLONE_TIMEOUT_MS };
      await git(args, options);
      await this.prepare(made, work, signal);
      await rename(made, this.repository);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof EngineError) throw error;
      throw new EngineError(cloneProblem(messageOf(error), repository, hide));
    } finally {
      await rm(made, { recursive: true, force: true });
    }
  }

  /** Gives the clone its branch and its author, for commits of the engine as well. */
  private async prepare(directory: string, { taskId, author }: WorkItem, signal: AbortSignal): Promise<void> {
    const options = { cwd: directory, signal };
    await this.git(['checkout', '-B', `conch/task-${taskId}`], options);
    const { name, email } = identityOf(author);
    await this.git(['config', 'user.name', name], options);
    await this.git(['config', 'user.email', email], options);
  }

  /** @returns the newest commit; null without one */
  private async head(signal: AbortSignal): Promise<string | null> {
    if (!this.hasRepository) return null;
    try {
      return (await this.git(['rev-parse', '--verify', 'HEAD'], { signal })).text.trim();
    } catch (error) {
      if (error instanceof GitError) return null;
      throw error;
    }
  }

  private async commit(work: WorkItem): Promise<string> {
    if ((await this.git(['status', '--porcelain'])).text.trim() !== '') {
      const { name, email } = identityOf(work.author);
      const env = {
        ...{ GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email },
        ...{ GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email },
      };
      await this.git(['commit', '--quiet', '--no-verify', '-m', subjectOf(work)], { env: { ...this.env, ...env } });
    }

    return (await this.git(['rev-parse', 'HEAD'])).text.trim();
  }

  private git(args: readonly string[], more: Partial<GitOptions> = {}): Promise<GitOutput> {
    const { maxOutput, ...rest } = more;
    const options = { cwd: this.repository, env: this.env, timeoutMs: GIT_TIMEOUT_MS, ...rest };

    return git(args, { ...options, ...(maxOutput !== undefined && { maxOutput }) });
  }
}

/** GitHub knows users by such an address, when they show no other one. */
function identityOf({ login, email, gitId }: WorkAuthor): { name: string; email: string } {
  const address = email ?? (gitId !== null && login !== null ? `${gitId}+${login}@users.noreply.github.com` : null);

  return { name: login ?? 'Conch', email: address ?? 'conch@localhost' };
}

function subjectOf({ title, prompt }: WorkItem): string {
  const line = (title || prompt).trim().split(/\r?\n/, 1)[0] ?? '';
  const letters = Array.from(line);

  return letters.length > MAX_SUBJECT ? `${letters.slice(0, MAX_SUBJECT - 1).join('')}…` : line || 'Changes';
}
