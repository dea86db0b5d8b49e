import { appendFileSync, chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type Directory, SharedProcess, type Spawn } from '../child.js';
import { runDirectory } from '../run-directory.js';

/** How another file finds a process. */
export interface ProcessState {
  pid: number;
  /** What it writes into. */
  log: string;
}

/** Starts the processes of a shared stage, and lists them to be ended with the run. */
export class SharedProcesses {
  readonly states = new Map<string, ProcessState>();
  private readonly directory: string;

  constructor(name: string) {
    this.directory = newDirectory(mkdtempSync(join(runDirectory(), `${name}-`)));
  }

  /** A directory that is removed with the run. */
  directoryOf(name: string): Directory {
    const path = join(this.directory, name);
    mkdirSync(path);

    return { path: newDirectory(path), remove: () => Promise.resolve() };
  }

  /** @param signal what ends the process in good order */
  spawn(name: string, signal: NodeJS.Signals): Spawn {
    return (program, args, options) => {
      const log = join(this.directory, `${name}.log`);
      const started = SharedProcess.spawn(program, args, options, log);
      this.states.set(name, { pid: started.pid, log });
      appendFileSync(join(runDirectory(), 'processes'), `${JSON.stringify({ pid: started.pid, log, signal })}\n`);

      return started;
    };
  }

  /** @throws when there is none of this name */
  stateOf(name: string): ProcessState {
    const state = this.states.get(name);
    if (!state) throw new Error(`no process ${name} was started`);

    return state;
  }
}

/** Database servers have to get to their directories by another account. */
function newDirectory(path: string): string {
  chmodSync(path, 0o711);

  return path;
}
