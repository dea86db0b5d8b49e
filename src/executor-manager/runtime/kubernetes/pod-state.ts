/** What a pod's status says of its container. Pure. */
import type { V1ContainerState, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import type { ContainerState } from '../container-runtime.js';
import { labelsOf } from './kubernetes-labels.js';
import { MAIN } from './pod-parts.js';

/** Of a command that cannot be run, as shells say it. */
const CANNOT_RUN = 127;
/** Reasons of containers whose command could not be started; their message is that of the engine of the node. */
const NOT_STARTED = ['StartError', 'ContainerCannotRun'];
const LOW_ON = /low on resource: ([\w-]+)/;
const ENDED_PHASES = ['Failed', 'Succeeded'];

/** The container with the image of a user; undefined before its node knows the pod. */
export function mainStatus(pod: V1Pod): V1ContainerStatus | undefined {
  return pod.status?.containerStatuses?.find(({ name }) => name === MAIN);
}

/** Whether its container runs, and is not being ended. */
export function isRunning(pod: V1Pod): boolean {
  return !hasEnded(pod) && mainStatus(pod)?.state?.running !== undefined && !pod.metadata?.deletionTimestamp;
}

/** Whether nothing of it will run again. */
export function hasEnded(pod: V1Pod): boolean {
  return ENDED_PHASES.includes(pod.status?.phase ?? '') || mainStatus(pod)?.state?.terminated !== undefined;
}

/** Whether the command of its container could not be started. @returns the words of the node's engine; null when it could */
export function startFailure(pod: V1Pod): string | null {
  const terminated = mainStatus(pod)?.state?.terminated;

  return terminated && NOT_STARTED.includes(terminated.reason ?? '') ? (terminated.message ?? '') : null;
}

/** See `ContainerRuntime.find`. */
export function containerState(pod: V1Pod): ContainerState {
  const state: V1ContainerState = mainStatus(pod)?.state ?? {};
  const { terminated } = state;
  const isOutOfMemory = terminated?.reason === 'OOMKilled';
  const began = state.running?.startedAt ?? terminated?.startedAt ?? pod.metadata?.creationTimestamp;

  return {
    ...{ name: pod.metadata?.name ?? '', labels: labelsOf(pod.metadata?.annotations), isRunning: isRunning(pod) },
    exitCode: startFailure(pod) === null ? (terminated?.exitCode ?? 0) : CANNOT_RUN,
    ...{ isOutOfMemory, log: terminated?.message ?? '', engineReason: engineReason(pod) },
    startedAt: began ? new Date(began).getTime() : 0,
  };
}

/** Why the cluster has ended a pod, in words that follow "the executor"; undefined when it has not. */
export function engineReason(pod: V1Pod): string | undefined {
  const { reason = '', message = '', conditions = [] } = pod.status ?? {};
  const disruption = conditions.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True');
  const why = [reason, disruption?.reason];
  if (why.includes('PreemptionByScheduler') || why.includes('Preempting'))
    return 'gave way to a pod of a higher priority';
  if (why.includes('Evicted') || why.includes('EvictionByEvictionAPI')) return evicted(message);
  if (why.some((each) => ['NodeLost', 'NodeShutdown', 'Terminated', 'DeletionByTaintManager'].includes(each ?? '')))
    return 'was ended with its node';
  if (reason === 'DeadlineExceeded') return 'was ended by the cluster: it had no more time';
  if (reason !== '') return `was refused by its node (${reason})`;
  if (pod.metadata?.deletionTimestamp && !hasEnded(pod)) return 'is being deleted at the cluster';

  return undefined;
}

function evicted(message: string): string {
  const resource = LOW_ON.exec(message)?.[1];

  return resource === undefined
    ? 'was evicted from its node'
    : `was evicted from its node, which was low on ${resource}`;
}
