import { createHash } from 'node:crypto';

const PREFIX = 'conch-task-';
const HASH_CHARS = 8;

/** The names of one manager's containers and volumes. They tell the task, and the manager by a hash. */
export class ExecutorNames {
  /** How the names of its executors end. */
  readonly suffix: string;

  constructor(managerName: string) {
    this.suffix = `-${createHash('sha256').update(managerName).digest('hex').slice(0, HASH_CHARS)}`;
  }

  executor(taskId: number): string {
    return `${PREFIX}${taskId}${this.suffix}`;
  }

  workspace(taskId: number): string {
    return `conch-workspace-${taskId}${this.suffix}`;
  }

  /** Of the volume with the program of executors. @param content hash of its files */
  program(content: string): string {
    return `conch-executor${this.suffix}-${content}`;
  }

  /** Returns the task of an executor; null when it is none of this manager. */
  taskOf(name: string): number | null {
    const id = /^conch-task-(\d{1,10})(-[0-9a-f]+)$/.exec(name);

    return id?.[2] === this.suffix ? Number(id[1]) : null;
  }
}
