import { copyFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { V1Pod } from '@kubernetes/client-node';
import { endAll, temporaryDirectory } from '../child.js';
import { Conch, type Environment } from '../conch.js';
import { TeamStage } from '../stages/team-stage.js';
import { ClusterServer } from './api-server.js';
import { NAMESPACE } from './cluster-state.js';
import { PROGRAM_IMAGE } from './registry-images.js';

/** A server whose embedded executor manager starts pods at a stand-in for the API server of a cluster. */
export class KubernetesStage extends TeamStage {
  private constructor(
    readonly cluster: ClusterServer,
    server: Conch,
    private readonly removeFiles: () => Promise<void>,
  ) {
    super(server, null);
  }

  static async start(environment: Environment = {}, prepare: (cluster: ClusterServer) => void = () => undefined) {
    const cluster = await ClusterServer.start();
    prepare(cluster);
    const files = temporaryDirectory('executor');
    copyFileSync(resolve('test/support/executors/stand-in-executor.mjs'), join(files.path, 'executor.mjs'));
    const server = await Conch.start({
      ...{ EXECUTOR_MANAGER: 'on', EXECUTOR_RUNTIME: 'kubernetes', KUBECONFIG: cluster.kubeconfig() },
      ...{ KUBERNETES_NAMESPACE: NAMESPACE, EXECUTOR_PROGRAM_IMAGE: PROGRAM_IMAGE, EXECUTOR_FILES: files.path },
      ...{ EXECUTOR_IMAGE: 'registry.example/agent:1', SHELL_IMAGE_REGISTRIES: 'registry.example' },
      ...{ KUBERNETES_STORAGE_CLASS: 'fast', KUBERNETES_IMAGE_PULL_SECRETS: 'pull-secret' },
      ...{ EXECUTOR_MEMORY_MB: '256', EXECUTOR_CPUS: '1', MAX_CONCURRENT_TASKS: '3', IMAGE_CHECK_TIMEOUT_SECONDS: '5' },
      ...{ SIMULATOR: 'off', MAX_RUNNING_TASKS_PER_USER: '1000' },
      ...environment,
    });

    return new KubernetesStage(cluster, server, files.remove);
  }

  /** The pod of a task. */
  pod(taskId: number): V1Pod | undefined {
    return this.cluster.pods.list(`conch.dev/executor,conch.dev/task=${taskId}`)[0];
  }

  async stop(): Promise<void> {
    await endAll(this.server, this.cluster);
    await this.removeFiles();
  }
}
