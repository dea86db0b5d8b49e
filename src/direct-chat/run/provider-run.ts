import type { UpstreamLink } from '../../common/chat-provider.js';
import type { DifyRun, DifyStop } from '../../common/dify.js';

/** Writes what is known of an app's run. */
type Write = (run: DifyRun) => Promise<void>;

/** What a run here knows of the run that it has at an app. */
export class ProviderRun implements UpstreamLink {
  /** How the app's run was stopped; null when it was not. */
  stop: DifyStop | null = null;
  /** Settles with the questions that the app suggests; null when it was not asked for any. */
  questions: Promise<readonly string[]> | null = null;
  private writing: Promise<void> = Promise.resolve();

  /** What was shown of the answer so far; nothing before it is told. */
  shown: UpstreamLink['shown'] = () => ({ content: '', steps: [] });

  /** @param known what an earlier attempt has left */
  constructor(
    public known: DifyRun | null,
    private readonly write: Write,
  ) {}

  save(run: DifyRun): void {
    this.known = run;
    this.writing = this.writing.catch(() => undefined).then(() => this.write(run));
    // Who depends on it waits for {@link saved}.
    this.writing.catch(() => undefined);
  }

  /** Resolves when the newest state is stored. @throws when the database is away */
  saved(): Promise<void> {
    return this.writing;
  }

  stopped(outcome: DifyStop): void {
    this.stop = outcome;
  }

  suggest(questions: Promise<readonly string[]>): void {
    this.questions = questions;
  }
}
