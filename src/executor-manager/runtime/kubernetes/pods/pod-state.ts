/** What a pod's status says of its container. Pure. */
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import type { ContainerState } from '../../container-runtime.js';
import { labelsOf } from '../kubernetes-labels.js';
import { MAIN } from './pod-parts.js';

/** Of a command that cannot be run, as shells say it. */
const CANNOT_RUN = 127;
/** Reasons of containers whose command could not be started; their message is that of the engine of the node. */
const NOT_STARTED = ['StartError', 'ContainerCannotRun'];
const LOW_ON = /low on resource: ([\w-]+)/;
const EVICTED = 'was evicted from its node';
const PREEMPTED = 'gave way to a pod of a higher priority';
const WITH_NODE = 'was ended with its node';
/** By the reason of a pod's status, or of its condition `DisruptionTarget`. */
const KNOWN_REASONS: ReadonlyMap<string, string> = new Map([
  ['PreemptionByScheduler', PREEMPTED],
  ['Preempting', PREEMPTED],
  ['Evicted', EVICTED],
  ['EvictionByEvictionAPI', EVICTED],
  ['NodeLost', WITH_NODE],
  ['NodeShutdown', WITH_NODE],
  ['Terminated', WITH_NODE],
  ['DeletionByTaintManager', WITH_NODE],
  ['DeadlineExceeded', 'was ended by the cluster: it had no more time'],
]);
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
  const { exitCode = 0, message = '', reason = '' } = mainStatus(pod)?.state?.terminated ?? {};
  const { name = '', annotations } = pod.metadata ?? {};

  return {
    ...{ name, labels: labelsOf(annotations), isRunning: isRunning(pod), startedAt: startedAt(pod) },
    exitCode: startFailure(pod) === null ? exitCode : CANNOT_RUN,
    ...{ isOutOfMemory: reason === 'OOMKilled', log: message, engineReason: engineReason(pod) },
  };
}

function startedAt(pod: V1Pod): number {
  const { running, terminated } = mainStatus(pod)?.state ?? {};
  const began = running?.startedAt ?? terminated?.startedAt ?? pod.metadata?.creationTimestamp;

  return began ? new Date(began).getTime() : 0;
}

/** Why the cluster has ended a pod, in words that follow "the executor"; undefined when it has not. */
export function engineReason(pod: V1Pod): string | undefined {
  const { reason = '', message = '' } = pod.status ?? {};
  const known = KNOWN_REASONS.get(reason) ?? KNOWN_REASONS.get(disruptionOf(pod));
  if (known !== undefined) return known === EVICTED ? evicted(message) : known;
  if (reason !== '') return `was refused by its node (${reason})`;

  return pod.metadata?.deletionTimestamp && !hasEnded(pod) ? 'is being deleted at the cluster' : undefined;
}

/** Why a pod had to go, by its condition. */
function disruptionOf({ status }: V1Pod): string {
  const found = status?.conditions?.find((each) => each.type === 'DisruptionTarget' && each.status === 'True');

  return found?.reason ?? '';
}

function evicted(message: string): string {
  const resource = LOW_ON.exec(message)?.[1];

  return resource === undefined ? EVICTED : `was evicted from its node, which was low on ${resource}`;
}
