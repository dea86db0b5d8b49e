import { Injectable, Logger } from '@nestjs/common';
import type { V1Pod } from '@kubernetes/client-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppConfig } from '../../../../config/app-config.js';
import type { StartObserver } from '../../container-runtime.js';
import { EngineTrouble } from '../../runtime-errors.js';
import { Cluster } from '../cluster.js';
import { startProgress } from '../start-progress.js';

/** Between two looks at a pod that is being started or ended. */
const POLL_MS = 300;
/** An API server that is away for longer fails the start. */
const AWAY_MS = 30_000;
/** What a node needs to confirm the end of a pod, beside its grace. */
const CONFIRM_MS = 15_000;

/** Starts pods and ends them, and waits until that is done. */
@Injectable()
export class PodLauncher {
  private readonly log = new Logger(PodLauncher.name);

  constructor(
    private readonly config: AppConfig,
    private readonly cluster: Cluster,
  ) {}

  /**
   * Creates a pod and waits until its container runs, or has ended already. Nothing of it remains when that fails.
   * @param image for messages
   * @throws ImageProblem, EngineTrouble, the signal's reason
   */
  async launch(pod: V1Pod, image: string, observer: StartObserver): Promise<V1Pod> {
    const name = pod.metadata?.name ?? '';
    try {
      await this.cluster.createPod(pod);

      return await this.untilStarted(name, image, observer);
    } catch (error) {
      await this.remove(name, 0).catch((failure: unknown) => {
        this.log.warn(`pod ${name} remains: ${(failure as Error).message}`);
      });
      throw error;
    }
  }

  /** Ends a pod and waits until its node has confirmed that, or is out of reach. No error when there is none. */
  async remove(name: string, graceSeconds: number): Promise<void> {
    const uid = (await this.cluster.readPod(name))?.metadata?.uid;
    if (uid === undefined) return;
    // With 0 the object would be gone before its processes are.
    const grace = Math.max(graceSeconds, 1);
    await this.cluster.deletePod(name, grace);
    const end = Date.now() + grace * 1000 + CONFIRM_MS;
    while ((await this.cluster.readPod(name))?.metadata?.uid === uid) {
      if (Date.now() > end) {
        this.log.warn(`pod ${name}: its node does not confirm its end; removed by force`);
        await this.cluster.deletePod(name, 0);

        return;
      }
      await sleep(POLL_MS);
    }
  }

  private async untilStarted(name: string, image: string, { signal, onStage }: StartObserver): Promise<V1Pod> {
    const seconds = this.config.manager.kubernetes.startTimeoutSeconds;
    const deadline = Date.now() + seconds * 1000;
    let [stage, seenAt] = ['', Date.now()];
    while (Date.now() < deadline) {
      const pod = await this.look(name, seenAt);
      if (pod) {
        seenAt = Date.now();
        const progress = startProgress(pod, image);
        if (progress.kind === 'started') return pod;
        if (progress.kind === 'failed') {
          this.log.warn(`pod ${name} does not start: ${progress.words}`);
          throw progress.error;
        }
        if (progress.stage !== stage) onStage(progress.stage);
        ({ stage } = progress);
      }
      await sleep(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
    throw new EngineTrouble('engine_unavailable', `The pod did not start within ${seconds} s. ${stage}`);
  }

  /** @returns null while the API server does not answer @throws EngineTrouble when that lasts, or there is no such pod */
  private async look(name: string, seenAt: number): Promise<V1Pod | null> {
    const pod = await this.cluster.readPod(name).catch((error: unknown) => {
      const isAway = error instanceof EngineTrouble && error.code === 'engine_unavailable';
      if (!isAway || Date.now() - seenAt > AWAY_MS) throw error;

      return undefined;
    });
    if (pod === null) throw new EngineTrouble('internal', 'The pod of the executor was deleted while it was started');

    return pod ?? null;
  }
}
