import { Injectable } from '@nestjs/common';
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppConfig } from '../../../config/app-config.js';
import type { Labels } from '../container-runtime.js';
import { EngineTrouble } from '../runtime-errors.js';
import { Cluster } from './cluster.js';
import { metadataOf } from './kubernetes-labels.js';
import type { KubernetesConfig } from './pods/pod-parts.js';

const POLL_MS = 300;
/** What a cluster needs to delete a claim that no pod uses any more. */
const DELETION_MS = 30_000;

/** The claims of workspaces. */
@Injectable()
export class WorkspaceClaims {
  constructor(
    private readonly config: AppConfig,
    private readonly cluster: Cluster,
  ) {}

  /** Makes sure that there is one of this name, which is not being deleted. @throws EngineTrouble */
  async ensure(name: string, labels: Labels): Promise<void> {
    const end = Date.now() + DELETION_MS;
    for (;;) {
      const found = await this.cluster.readClaim(name);
      if (!found) return this.cluster.createClaim(workspaceClaim(name, labels, this.config.manager.kubernetes));
      if (!found.metadata?.deletionTimestamp) return;
      if (Date.now() > end)
        throw new EngineTrouble('internal', 'The workspace of the task is still being deleted at the cluster');
      await sleep(POLL_MS);
    }
  }
}

/** Returns the claim of a task's workspace, which one node at a time mounts. Pure. */
export function workspaceClaim(name: string, labels: Labels, config: KubernetesConfig): V1PersistentVolumeClaim {
  return {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
    metadata: { name, ...metadataOf(labels) },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(config.storageClass !== undefined && { storageClassName: config.storageClass }),
      resources: { requests: { storage: config.workspaceSize } },
    },
  };
}
