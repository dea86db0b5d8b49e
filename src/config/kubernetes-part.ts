import { isLoopbackHost } from '../common/loopback.js';
import type { Env } from './env.js';

/** Pods of executors, with EXECUTOR_RUNTIME=kubernetes. */
export function kubernetesPart(env: Env) {
  return {
    /** Unset: the service account of the pod that the manager runs in. */
    kubeconfig: env.KUBECONFIG,
    /** Unset: that of the context or the service account. */
    namespace: env.KUBERNETES_NAMESPACE,
    /** Copied from into each pod of an executor. Required by the checks of the environment. */
    programImage: env.EXECUTOR_PROGRAM_IMAGE ?? '',
    /** Unset: the default one of the cluster. */
    storageClass: env.KUBERNETES_STORAGE_CLASS,
    workspaceSize: env.KUBERNETES_WORKSPACE_SIZE ?? '10Gi',
    pullSecrets: (env.KUBERNETES_IMAGE_PULL_SECRETS ?? '').split(',').flatMap((name) => name.trim() || []),
    runtimeClass: env.KUBERNETES_RUNTIME_CLASS,
    /** What is reserved for a pod, idle or not; not above its limits. */
    requests: {
      memoryMb: env.KUBERNETES_REQUEST_MEMORY_MB ?? 512,
      cpuMillis: env.KUBERNETES_REQUEST_CPU_MILLIS ?? 250,
    },
    /** For a node with room, the workspace, the pull of the image and the start together. */
    startTimeoutSeconds: env.KUBERNETES_START_TIMEOUT_SECONDS ?? 900,
  };
}

/** Finds problems that these variables have with others. */
export function kubernetesProblems(env: Env): string[] {
  if (env.EXECUTOR_RUNTIME !== 'kubernetes') return [];
  const problems: string[] = [];
  if (!env.EXECUTOR_PROGRAM_IMAGE)
    problems.push('EXECUTOR_PROGRAM_IMAGE is required with EXECUTOR_RUNTIME=kubernetes: the image of this manager');
  if (env.REGISTRY_AUTH || env.REGISTRY_AUTH_FILE)
    problems.push('REGISTRY_AUTH has no effect with EXECUTOR_RUNTIME=kubernetes: set KUBERNETES_IMAGE_PULL_SECRETS');
  const apiUrl = env.EXECUTOR_API_URL ?? env.BACKEND_URL ?? 'http://127.0.0.1';
  // Beside a server the address is that of the server, which is known later.
  if (env.ROLES === 'executor-manager' && URL.canParse(apiUrl) && isLoopbackHost(new URL(apiUrl).host))
    problems.push(`Pods do not reach ${apiUrl}: set EXECUTOR_API_URL to an address of the API for them`);

  return problems;
}
