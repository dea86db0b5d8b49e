import { type ChildProcess, spawn } from 'node:child_process';
import type { V1Container } from '@kubernetes/client-node';
import { once } from 'node:events';

/** What the kubelet keeps of the output of a container for its state. */
const MESSAGE_BYTES = 2048;

type Listener = (channel: 1 | 2, part: Buffer) => void;

/** A container of a pod: a process of this machine, whose paths are those of the directories in place of its volumes. */
export class PodProcess {
  readonly exited: Promise<{ exitCode: number }>;
  private readonly listeners = new Set<Listener>();
  private tail = Buffer.alloc(0);

  private constructor(private readonly child: ChildProcess) {
    for (const [channel, stream] of [[1, child.stdout] as const, [2, child.stderr] as const]) {
      stream?.on('data', (part: Buffer) => this.pass(channel, part));
    }
    child.stdin?.on('error', () => undefined);
    this.exited = once(child, 'close').then(
      ([code]) => ({ exitCode: typeof code === 'number' ? code : 137 }),
      () => ({ exitCode: 127 }),
    );
  }

  /** @param directories by mount path */
  static start(container: V1Container, directories: ReadonlyMap<string, string>): PodProcess {
    const mapped = (text: string) => onThisMachine(text, directories);
    const [program = '', ...args] = [...(container.command ?? []), ...(container.args ?? [])].map(mapped);
    const env = Object.fromEntries((container.env ?? []).map(({ name, value = '' }) => [name, mapped(value)]));
    const cwd = mapped(container.workingDir ?? '/');

    return new PodProcess(spawn(program, args, { cwd, env, stdio: 'pipe' }));
  }

  /** The end of its output. */
  get message(): string {
    return this.tail.toString('utf8');
  }

  listen(listener: Listener): void {
    this.listeners.add(listener);
  }

  write(part: Buffer): void {
    if (this.child.stdin?.writable) this.child.stdin.write(part);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  private pass(channel: 1 | 2, part: Buffer): void {
    this.tail = Buffer.concat([this.tail, part]).subarray(-MESSAGE_BYTES);
    for (const listener of this.listeners) listener(channel, part);
  }
}

function onThisMachine(text: string, directories: ReadonlyMap<string, string>): string {
  for (const [path, directory] of directories) {
    if (text === path || text.startsWith(`${path}/`)) return directory + text.slice(path.length);
  }

  return text;
}
