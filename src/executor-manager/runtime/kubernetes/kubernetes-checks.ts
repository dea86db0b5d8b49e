import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../config/app-config.js';
import { CheckRuntime, type LeftOver } from '../check-runtime.js';
import type { Labels, RuntimeImage } from '../container-runtime.js';
import { Cluster } from './cluster.js';
import { labelsOf, selectorOf } from './kubernetes-labels.js';
import { KubernetesCheckContainer, REMOVE_SECONDS } from './kubernetes-check-container.js';
import { PodLauncher } from './pods/pod-launcher.js';

/** Checks images in pods. */
@Injectable()
export class KubernetesChecks extends CheckRuntime {
  constructor(
    private readonly config: AppConfig,
    private readonly cluster: Cluster,
    private readonly launcher: PodLauncher,
  ) {
    super();
  }

  platform(): Promise<string> {
    return this.cluster.platform();
  }

  createCheck({ id }: RuntimeImage, labels: Labels): Promise<KubernetesCheckContainer> {
    return Promise.resolve(new KubernetesCheckContainer(this.config, this.cluster, this.launcher, id, labels));
  }

  async leftOver(label: string): Promise<LeftOver[]> {
    const pods = await this.cluster.listPods(selectorOf({ [label]: '' }));

    return pods
      .filter(({ metadata }) => !metadata?.deletionTimestamp)
      .map(({ metadata }) => ({
        labels: labelsOf(metadata?.annotations),
        remove: () => this.cluster.deletePod(metadata?.name ?? '', REMOVE_SECONDS),
      }));
  }
}
