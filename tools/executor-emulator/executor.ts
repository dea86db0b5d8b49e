// One container with an executor in it: plays the moves of a behaviour for one subtask.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { asObject } from '../shared/json.js';
import type { Backend, Prepared } from './backend.js';
import { type CancelReply, CANCELLED, cancelReplyOf, type Move, movesOf } from './behaviours.js';
import type { Script } from './script.js';
import type { DispatchedSubtask, Report, ReportFields } from './wire.js';

/** `running`: works on its subtask; `idle`: has ended it and waits; `dead`: stopped without a report. */
export type ExecutorState = 'running' | 'idle' | 'dead';

/** What an executor is started with. */
export interface Assignment {
  subtask: DispatchedSubtask;
  script: Script;
  /** The whole answer. */
  text: string;
  /** Wegent's executors: no `seq`, no `event_id`, no heartbeats. */
  wegent: boolean;
}

/** An executor at work. */
export class Executor {
  state: ExecutorState = 'running';
  private readonly cancelled = new AbortController();
  private readonly stopped = new AbortController();
  private readonly sent: Prepared[] = [];
  private seq = 0;

  constructor(
    readonly name: string,
    readonly assignment: Assignment,
    private readonly backend: Backend,
  ) {}

  get subtask(): DispatchedSubtask {
    return this.assignment.subtask;
  }

  /** What a request to cancel gets. */
  get cancelReply(): CancelReply {
    return cancelReplyOf(this.assignment.script.behaviour);
  }

  /** Works until the end of the subtask, a cancel or a crash. Never throws. */
  async run(): Promise<void> {
    const { script, text } = this.assignment;
    // The manager's own report that the container has started.
    await this.report({ status: 'RUNNING', progress: 30 });
    for (const move of movesOf({ script, text })) {
      if (this.stopped.signal.aborted || this.cancelled.signal.aborted) break;
      await this.play(move);
    }
    if (this.stopped.signal.aborted) return;
    if (this.cancelled.signal.aborted) await this.report(CANCELLED);
    this.rest();
  }

  /** Ends with a CANCELLED report; one whose behaviour ignores cancels works on. */
  cancel(): void {
    if (this.cancelReply === 'stops') this.cancelled.abort();
  }

  /** Ends at once, without a report. */
  kill(): void {
    this.state = 'dead';
    this.stopped.abort();
  }

  /** Sends a report of an executor that does not get to work at all; Wegent's manager gives no reason. */
  async fail(message: string | undefined): Promise<void> {
    await this.report({ status: 'FAILED', progress: 100, ...(message !== undefined && { error_message: message }) });
    this.rest();
  }

  /** Waits for more work, unless it was killed meanwhile. */
  private rest(): void {
    if (this.state === 'running') this.state = 'idle';
  }

  private async play(move: Move): Promise<void> {
    switch (move.kind) {
      case 'report':
        await this.report(move.report, move.note);
        break;
      case 'pause':
        await this.pause(move.ms, move.beat);
        break;
      case 'attack': {
        const target = this.sent.at(move.attack === 'first-again' ? 0 : -1);
        if (target) await this.backend.attack(this.subtask.task_id, this.subtask.subtask_id, target, move.attack);
        break;
      }
      case 'vanish':
        this.kill();
        break;
    }
  }

  private async report(fields: ReportFields, note?: string): Promise<void> {
    const { subtask_id, task_id, task_title, subtask_title, executor_namespace } = this.subtask;
    this.seq += 1;
    const report: Report = {
      ...{ task_id, subtask_id, task_title, subtask_title },
      ...{ executor_name: this.name, executor_namespace: executor_namespace ?? '' },
      ...fields,
      ...(!this.assignment.wegent && { seq: this.seq, event_id: randomUUID() }),
    };
    this.sent.push(await this.backend.report(report, this.subtask.auth_token, note));
  }

  /** Waits, with a heartbeat every `beat` ms. */
  private async pause(ms: number, beat: number): Promise<void> {
    const beats = beat > 0 && !this.assignment.wegent;
    const signal = AbortSignal.any([this.cancelled.signal, this.stopped.signal]);
    try {
      for (let left = ms; left > 0; left -= beats ? beat : left) {
        await sleep(beats ? Math.min(beat, left) : left, undefined, { signal });
        if (beats) await this.beat();
      }
    } catch {
      // It was cancelled or stopped; the backend's client itself never throws.
    }
  }

  /** Sends a heartbeat. The answer may say to stop, or that another executor works on the subtask. */
  private async beat(): Promise<void> {
    const { status, reply } = await this.backend.heartbeat(this.subtask, this.name);
    if (status === 401 || status === 404 || status === 409) this.kill();
    else if (asObject(reply)['cancelling'] === true) this.cancel();
  }
}
