import { Injectable } from '@nestjs/common';
import type { V1Pod } from '@kubernetes/client-node';
import { AppConfig } from '../../../config/app-config.js';
import {
  type ContainerInfo,
  ContainerRuntime,
  type ContainerSession,
  type ContainerSpec,
  type ContainerState,
  type Labels,
  type RuntimeImage,
  type StartObserver,
  type VolumeFile,
  type VolumeInfo,
  type WantedImage,
} from '../container-runtime.js';
import { RegistryPolicy } from '../registry-policy.js';
import { EngineTrouble } from '../runtime-errors.js';
import { Cluster } from './cluster.js';
import { ClusterAccess } from './cluster-access.js';
import { executorPod } from './pods/executor-pod.js';
import { labelsOf, selectorOf } from './kubernetes-labels.js';
import { PodLauncher } from './pods/pod-launcher.js';
import { MAIN } from './pods/pod-parts.js';
import { ENDED_SESSION, PodSession } from './pods/pod-session.js';
import { containerState, hasEnded } from './pods/pod-state.js';
import { WorkspaceClaims } from './workspace-claims.js';

/** Executors as pods of a Kubernetes cluster, with their workspaces as claims. */
@Injectable()
export class KubernetesRuntime extends ContainerRuntime {
  private readonly programs = new Map<string, readonly VolumeFile[]>();

  constructor(
    private readonly config: AppConfig,
    private readonly cluster: Cluster,
    private readonly access: ClusterAccess,
    private readonly registries: RegistryPolicy,
    private readonly launcher: PodLauncher,
    private readonly claims: WorkspaceClaims,
  ) {
    super();
  }

  async ping(): Promise<void> {
    await this.access.check();
    await this.cluster.ping();
  }

  /** Its node pulls it when its pod starts. */
  async obtainImage({ reference, isTrusted }: WantedImage): Promise<RuntimeImage> {
    if (!isTrusted) await this.registries.check(reference);

    return { id: reference.canonical, digests: [], platform: await this.cluster.platform() };
  }

  async start(spec: ContainerSpec, observer: StartObserver): Promise<ContainerSession> {
    const pod = executorPod(spec, this.programs, this.config);
    const started = await this.launcher.launch(pod, spec.image.id, observer);
    try {
      return await this.open(spec.name, started, true);
    } catch (error) {
      await this.launcher.remove(spec.name, 0);
      throw error;
    }
  }

  async attach(name: string): Promise<ContainerSession> {
    const pod = await this.cluster.readPod(name);
    if (!pod) throw new EngineTrouble('internal', 'The pod of the executor is gone');

    return this.open(name, pod, false);
  }

  async find(name: string): Promise<ContainerState | null> {
    const pod = await this.cluster.readPod(name);

    return pod && containerState(pod);
  }

  async list(labels: Labels): Promise<ContainerInfo[]> {
    const pods = await this.cluster.listPods(selectorOf(labels));

    return pods.map(containerState);
  }

  async remove(name: string, graceSeconds = 0): Promise<void> {
    await this.launcher.remove(name, graceSeconds);
  }

  ensureVolume(name: string, labels: Labels): Promise<void> {
    return this.claims.ensure(name, labels);
  }

  /** Each pod copies them from the image of the manager. */
  ensureFiles(name: string, _labels: Labels, files: readonly VolumeFile[]): Promise<void> {
    this.programs.set(name, files);

    return Promise.resolve();
  }

  async listVolumes(labels: Labels): Promise<VolumeInfo[]> {
    const claims = await this.cluster.listClaims(selectorOf(labels));

    return claims.map(({ metadata }) => ({ name: metadata?.name ?? '', labels: labelsOf(metadata?.annotations) }));
  }

  /** The cluster keeps a claim until no pod uses it any more. */
  async removeVolume(name: string): Promise<boolean> {
    await this.cluster.deleteClaim(name);

    return true;
  }

  private async open(name: string, pod: V1Pod, isNew: boolean): Promise<ContainerSession> {
    if (hasEnded(pod)) return ENDED_SESSION;
    try {
      return await PodSession.open((onOutput) => this.cluster.connect(name, MAIN, { kind: 'attach' }, onOutput), isNew);
    } catch (error) {
      // It may have ended meanwhile.
      const now = await this.cluster.readPod(name);
      if (now && hasEnded(now)) return ENDED_SESSION;
      throw error;
    }
  }
}
