/** What Linux knows of a process (proc(5)); nothing here asks the process itself. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** The numbered fields of /proc/PID/stat. The command name before them may hold blanks and parentheses. */
function statFields(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');

  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** CPU time of a process so far, user and system, all threads, without children. Resolution: one tick (10 ms). */
export function cpuMs(pid: number): number {
  return ticks(statFields(pid).slice(11, 13));
}

/** The same with that of its children that have ended. */
function cpuWithEndedMs(pid: number): number {
  return ticks(statFields(pid).slice(11, 15));
}

/** CPU time of a process and all its descendants so far. */
export function treeCpuMs(pid: number): number {
  return sumOver(processTree(pid), cpuWithEndedMs);
}

function ticks(fields: readonly string[]): number {
  return (fields.reduce((sum, field) => sum + Number(field), 0) * 1000) / TICKS_PER_SECOND;
}

/** Resident memory of its own (without files, whose pages come and go as the kernel likes), in KiB. */
export function ownKiB(pid: number): number {
  return status(pid, 'RssAnon');
}

/** All of its resident memory, as `ps` shows it, in KiB. */
export function residentKiB(pid: number): number {
  return status(pid, 'VmRSS');
}

function status(pid: number, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** A process and all its descendants. Those that end meanwhile are left out. */
export function processTree(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(processTree)];
}

/** The name of a process's program, at most 15 characters. */
export function programOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}

/** Sums a figure over processes; one that has ended counts as 0. */
export function sumOver(pids: readonly number[], figure: (pid: number) => number): number {
  return pids.reduce((sum, pid) => sum + ifAlive(() => figure(pid), 0), 0);
}

/** The redis-server that a process has started, at any depth; null when it has none. */
export function redisChild(pid: number): number | null {
  const isRedis = (child: number) => ['redis-server', 'valkey-server'].includes(ifAlive(() => programOf(child), ''));

  return processTree(pid).find(isRedis) ?? null;
}

function ifAlive<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

function childrenOf(pid: number): number[] {
  const threads = ifAlive(() => readdirSync(`/proc/${pid}/task`), []);

  return threads.flatMap((thread) => {
    const list = ifAlive(() => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim(), '');

    return list === '' ? [] : list.split(' ').map(Number);
  });
}

/** Samples a process's memory until told to stop. */
export class PeakMemory {
  private peak: number;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly pid: number) {
    this.peak = ownKiB(pid);
    this.timer = setInterval(() => this.sample(), 20);
  }

  /** Ends the sampling. @returns the highest resident memory seen, in KiB */
  stop(): number {
    clearInterval(this.timer);
    this.sample();

    return this.peak;
  }

  private sample(): void {
    this.peak = Math.max(this.peak, ownKiB(this.pid));
  }
}
