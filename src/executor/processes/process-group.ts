/** Ends a program together with everything that it has started. */
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { pollUntil } from '../../common/async/poll-until.js';

/** A variable whose value marks all processes of a run: children inherit it, also those that left the group. */
export const RUN_VARIABLE = 'CONCH_RUN';

const POLL_MS = 50;

/** The processes of a run: a group that is led by its first one, and all others with its mark. */
export class ProcessGroup {
  private ending: Promise<void> | null = null;

  /** @param mark the value of {@link RUN_VARIABLE} of this run alone */
  constructor(
    private readonly leader: ChildProcess,
    private readonly mark: string,
    private readonly graceMs: number,
  ) {}

  /** Asks all to end, and kills after the time of grace those that did not. Resolves when none is left; never throws. */
  end(): Promise<void> {
    this.ending ??= this.endAll();

    return this.ending;
  }

  private async endAll(): Promise<void> {
    this.signal('SIGTERM');
    await pollUntil(() => !this.isAlive(), { everyMs: POLL_MS, timeoutMs: this.graceMs });
    if (!this.isAlive()) return;
    this.signal('SIGKILL');
    // A process that waits for a dead disk cannot be killed; the run does not wait for it.
    await pollUntil(() => !this.isAlive(), { everyMs: POLL_MS, timeoutMs: this.graceMs });
  }

  private isAlive(): boolean {
    const { exitCode, signalCode, pid } = this.leader;

    return (pid !== undefined && exitCode === null && signalCode === null) || markedProcesses(this.mark).length > 0;
  }

  private signal(signal: NodeJS.Signals): void {
    const { pid } = this.leader;
    const others = markedProcesses(this.mark);
    if (pid !== undefined) kill(-pid, signal);
    for (const other of others) kill(other, signal);
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

/** Linux only: elsewhere the group has to do. Zombies have no environment, and so are not found. */
function markedProcesses(mark: string): number[] {
  const wanted = `${RUN_VARIABLE}=${mark}`;

  return pids().filter((pid) => {
    try {
      return pid !== process.pid && readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(wanted);
    } catch {
      return false;
    }
  });
}

function pids(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}
