import type { Provider, Type } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { CheckRuntime } from './check-runtime.js';
import { ContainerRuntime } from './container-runtime.js';
import { DockerClient } from './docker/docker-client.js';
import { DockerEngine } from './docker/docker-engine.js';
import { DockerRuntime } from './docker/docker-runtime.js';
import { DockerVolumes } from './docker/docker-volumes.js';
import { ImageSource } from './docker/image-source.js';
import { RegistryLogins } from './docker/registry-logins.js';
import { Cluster } from './kubernetes/cluster.js';
import { ClusterAccess } from './kubernetes/cluster-access.js';
import { KubernetesChecks } from './kubernetes/kubernetes-checks.js';
import { KubernetesRuntime } from './kubernetes/kubernetes-runtime.js';
import { PodLauncher } from './kubernetes/pods/pod-launcher.js';
import { WorkspaceClaims } from './kubernetes/workspace-claims.js';
import { RegistryPolicy } from './registry-policy.js';

const DOCKER: Provider[] = [
  ...[DockerClient, DockerEngine, DockerVolumes, RegistryLogins, ImageSource],
  { provide: ContainerRuntime, useClass: DockerRuntime },
  { provide: CheckRuntime, useExisting: DockerEngine },
];

const KUBERNETES: Provider[] = [
  ...[ClusterAccess, PodLauncher, WorkspaceClaims],
  { provide: ContainerRuntime, useClass: KubernetesRuntime },
  { provide: CheckRuntime, useClass: KubernetesChecks },
  {
    provide: Cluster as Type<Cluster>,
    inject: [AppConfig],
    // The client library costs a second and 75 MB, which managers with Docker do not pay.
    useFactory: async (config: AppConfig): Promise<Cluster> => {
      const { KubernetesCluster } = await import('./kubernetes/kubernetes-cluster.js');

      return KubernetesCluster.open(config);
    },
  },
];

/** What runs and checks containers, by EXECUTOR_RUNTIME. */
export function runtimeProviders({ manager }: AppConfig): Provider[] {
  return [RegistryPolicy, ...(manager.executors.runtime === 'kubernetes' ? KUBERNETES : DOCKER)];
}
