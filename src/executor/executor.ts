import { type Log, redactor } from './log.js';
import { type TurnOptions, TurnRunner } from './turn/turn-runner.js';
import { readLine, secretsOf, type WorkItem } from './tasks/work-item.js';

/** Works on the subtasks of one task: one at a time, in the order in which they were handed over. */
export class Executor {
  private readonly queue: WorkItem[] = [];
  private readonly stopping = new AbortController();
  private isClosed = false;
  private wake: () => void = () => undefined;

  constructor(
    private readonly name: string,
    private readonly options: TurnOptions,
    private readonly log: Log,
  ) {}

  /** Adds a subtask, or closes the queue. Lines that cannot be read are logged, without their content. */
  handOver(line: string): void {
    const input = readLine(line, this.name);
    if (input.kind === 'stop') {
      this.close();
    } else if (input.kind === 'invalid') {
      this.log.line(`a line of the input is not used: ${input.problem}`);
    } else if (!this.isClosed) {
      this.queue.push(input.work);
      this.wake();
    }
  }

  /** Accepts no more subtasks: {@link run} resolves after those that it has. */
  close(): void {
    this.isClosed = true;
    this.wake();
  }

  /** Ends the current subtask without a report of its end, and begins none any more. */
  stop(): void {
    this.stopping.abort();
    this.close();
  }

  /** Works until it is closed. */
  async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const work = this.queue.shift();
      if (work) await this.answer(work);
      else if (this.isClosed) return;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private async answer(work: WorkItem): Promise<void> {
    const hide = redactor(secretsOf(work));
    const log = this.log.for(`task ${work.taskId} subtask ${work.subtaskId}`, hide);
    await new TurnRunner(work, this.options, log, hide).run(this.stopping.signal);
  }
}
