import { randomUUID } from 'node:crypto';
import { withinOr } from '../../../common/async/within.js';
import type { AppConfig } from '../../../config/app-config.js';
import { type CheckContainer, type CheckState, type CommandResult, KEPT_BYTES, MAX_BYTES } from '../check-runtime.js';
import type { Labels } from '../container-runtime.js';
import { EngineTrouble } from '../runtime-errors.js';
import { TextRingBuffer } from '../text-ring-buffer.js';
import { checkPod } from './pods/check-pod.js';
import type { Cluster } from './cluster.js';
import type { PodChannel } from './pods/pod-channel.js';
import type { PodLauncher } from './pods/pod-launcher.js';
import { MAIN } from './pods/pod-parts.js';
import { containerState, mainStatus, startFailure } from './pods/pod-state.js';

export const REMOVE_SECONDS = 1;
/** Of a command that cannot be run, as shells say it. */
const CANNOT_RUN = 127;
/** What engines of nodes say of commands, in contrast to trouble of their own. */
const ABOUT_COMMAND = /exec: |executable file|no such file|exec format error|permission denied/i;

/** A pod that runs an image's checks; each start is that of another pod. */
export class KubernetesCheckContainer implements CheckContainer {
  private name: string | null = null;

  constructor(
    private readonly config: AppConfig,
    private readonly cluster: Cluster,
    private readonly launcher: PodLauncher,
    private readonly image: string,
    private readonly labels: Labels,
  ) {}

  async start(signal: AbortSignal): Promise<string[]> {
    const name = `conch-check-${randomUUID()}`;
    const pod = checkPod(name, this.image, this.labels, this.config);
    const started = await this.launcher.launch(pod, this.image, { signal, onStage: () => undefined });
    this.name = name;
    const words = startFailure(started);
    if (words !== null)
      throw new EngineTrouble('internal', 'The node could not start the shell of the image', {
        cause: new Error(words),
      });
    const digest = mainStatus(started)?.imageID.replace(/^[\w-]+:\/\//, '');

    return digest?.includes('@') ? [digest] : [];
  }

  async run(command: readonly string[], limitMs: number, signal: AbortSignal): Promise<CommandResult> {
    const text = new TextRingBuffer(KEPT_BYTES);
    const loud = new AbortController();
    const channel = await this.cluster.connect(this.name ?? '', MAIN, { kind: 'exec', command }, (part) => {
      text.add(part);
      if (text.bytes > MAX_BYTES) loud.abort();
    });
    const hasEnded = await endOf(channel, limitMs, AbortSignal.any([signal, loud.signal]));
    channel.close();
    signal.throwIfAborted();
    const output = text.toString();
    if (!hasEnded) return { ended: loud.signal.aborted ? 'loud' : 'slow', exitCode: null, output };

    return { ended: 'exited', ...exitOf(channel, output) };
  }

  async state(): Promise<CheckState> {
    const pod = this.name === null ? null : await this.cluster.readPod(this.name);
    if (!pod) throw new EngineTrouble('internal', 'The pod of the validation is gone');
    const { isRunning, exitCode, isOutOfMemory, log = '', engineReason } = containerState(pod);
    if (engineReason !== undefined)
      throw new EngineTrouble('internal', `The cluster has ended the validation: its pod ${engineReason}`);

    return { isRunning, exitCode, isOutOfMemory, log };
  }

  async restart(signal: AbortSignal): Promise<void> {
    await this.remove();
    await this.start(signal);
  }

  async remove(): Promise<void> {
    if (this.name !== null) await this.cluster.deletePod(this.name, REMOVE_SECONDS);
    this.name = null;
  }
}

/** Waits for the end of a command. @returns whether it came in time, and before the signal */
async function endOf(channel: PodChannel, limitMs: number, signal: AbortSignal): Promise<boolean> {
  const aborted = new Promise<boolean>((resolve) => {
    signal.addEventListener('abort', () => resolve(false), { once: true });
  });

  return withinOr(limitMs, false, Promise.race([channel.ended.then(() => true), aborted]));
}

/** @throws EngineTrouble when the connection was lost, or the cluster failed */
function exitOf({ commandEnd }: PodChannel, output: string): { exitCode: number; output: string } {
  if (commandEnd === null) throw new EngineTrouble('engine_unavailable', 'The connection to the pod was lost');
  if ('exitCode' in commandEnd) return { exitCode: commandEnd.exitCode, output };
  const { failure } = commandEnd;
  if (ABOUT_COMMAND.test(failure)) return { exitCode: CANNOT_RUN, output: output || failure };
  throw new EngineTrouble('internal', 'The cluster could not run a check', { cause: new Error(failure) });
}
