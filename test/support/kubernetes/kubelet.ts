import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { V1Container, V1ContainerState, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { PodProcess } from './pod-process.js';
import { DIGEST, IMAGES, type NodeImage } from './registry-images.js';

type State = 'waiting' | 'running' | 'terminated';

/** The scheduler and the node of the stand-in: runs the containers of pods as processes of this machine. */
export class Kubelet {
  /** Words of the scheduler for new pods; empty: there is room. */
  unschedulable = '';
  /** By canonical name. */
  readonly images = new Map(Object.entries(IMAGES));
  private readonly processes = new Map<string, PodProcess>();

  /** @param directory for volumes @param onGone called when a pod has ended that was deleted */
  constructor(
    private readonly directory: string,
    private readonly onGone: (pod: V1Pod) => void,
  ) {}

  /** The process of a pod's main container. */
  process(pod: V1Pod): PodProcess | undefined {
    return this.processes.get(uidOf(pod));
  }

  /** The image of a pod's main container. */
  image(pod: V1Pod): NodeImage | undefined {
    return this.images.get(pod.spec?.containers[0]?.image ?? '');
  }

  /** Brings a pod to its end. Never throws. */
  async run(pod: V1Pod): Promise<void> {
    pod.status = { phase: 'Pending', conditions: [placed('False', 'Unschedulable', this.unschedulable)] };
    if (this.unschedulable !== '') return;
    pod.status.conditions = [placed('True')];
    const directories = this.volumes(pod);
    for (const container of pod.spec?.initContainers ?? []) {
      pod.status.initContainerStatuses = [status(container, 'running', { startedAt: new Date() })];
      const process = PodProcess.start(container, directories);
      const { exitCode } = await process.exited;
      const end = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', message: process.message };
      pod.status.initContainerStatuses = [status(container, 'terminated', end)];
      if (exitCode !== 0) return void (pod.status.phase = 'Failed');
    }
    if (isDeleted(pod)) {
      this.onGone(pod);

      return;
    }
    const [main] = pod.spec?.containers ?? [];
    if (main) await this.runMain(pod, main, directories);
  }

  /** Ends a pod after its grace; with 0 at once. */
  stop(pod: V1Pod, graceSeconds: number): void {
    const process = this.process(pod);
    if (!process) return this.onGone(pod);
    process.signal(graceSeconds > 0 ? 'SIGTERM' : 'SIGKILL');
    const timer = setTimeout(() => process.signal('SIGKILL'), graceSeconds * 1000);
    void process.exited.then(() => {
      clearTimeout(timer);
      this.onGone(pod);
    });
  }

  private async runMain(pod: V1Pod, main: V1Container, directories: Map<string, string>): Promise<void> {
    const image = this.image(pod) ?? { kind: 'unpullable', message: `${main.image}: not found` };
    if (image.kind !== 'good') {
      showProblem(pod, main, image);

      return;
    }
    const process = PodProcess.start(main, directories);
    this.processes.set(uidOf(pod), process);
    show(pod, main, 'running', { startedAt: new Date() });
    const { exitCode } = await process.exited;
    this.processes.delete(uidOf(pod));
    if (pod.status?.phase === 'Failed') return;
    const message = exitCode === 0 ? {} : { message: process.message };
    const end = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', ...message, finishedAt: new Date() };
    show(pod, main, 'terminated', end, exitCode === 0 ? 'Succeeded' : 'Failed');
  }

  /** A directory for each volume; a claim has the same one in every pod. */
  private volumes(pod: V1Pod): Map<string, string> {
    const places = (pod.spec?.volumes ?? []).map(({ name, persistentVolumeClaim: claim }) => {
      const place = join(this.directory, claim ? claim.claimName : `${uidOf(pod)}-${name}`);
      mkdirSync(place, { recursive: true });

      return [name, place] as const;
    });
    const byName = new Map(places);
    const mounts = (pod.spec?.containers ?? []).flatMap(({ volumeMounts = [] }) => volumeMounts);

    return new Map(mounts.map(({ name, mountPath }) => [mountPath, byName.get(name) ?? '']));
  }
}

export const uidOf = ({ metadata }: V1Pod): string => metadata?.uid ?? '';
export const isDeleted = ({ metadata }: Pick<V1Pod, 'metadata'>): boolean => metadata?.deletionTimestamp !== undefined;

function placed(status: 'True' | 'False', reason?: string, message?: string) {
  return { type: 'PodScheduled', status, ...(reason !== undefined && { reason, message: message ?? '' }) };
}

function showProblem(pod: V1Pod, main: V1Container, image: Exclude<NodeImage, { kind: 'good' }>): void {
  const { message } = image;
  if (image.kind === 'refused') return show(pod, main, 'waiting', { reason: image.reason, message });
  if (image.kind === 'unstartable')
    return show(pod, main, 'terminated', { exitCode: 128, reason: 'StartError', message }, 'Failed');
  // As long as a kubelet shows it before it backs off.
  show(pod, main, 'waiting', { reason: 'ErrImagePull', message });
}

function show(pod: V1Pod, main: V1Container, kind: State, detail: object, phase?: string): void {
  pod.status = Object.assign(pod.status ?? {}, {
    phase: phase ?? (kind === 'running' ? 'Running' : 'Pending'),
    containerStatuses: [status(main, kind, detail)],
  });
}

function status({ name, image = '' }: V1Container, kind: State, detail: object): V1ContainerStatus {
  const state: V1ContainerState = { [kind]: detail };
  const imageID = kind === 'waiting' ? '' : `${image.replace(/:[^:/]+$/, '')}@${DIGEST}`;

  return { name, image, imageID, ready: kind === 'running', restartCount: 0, state };
}
