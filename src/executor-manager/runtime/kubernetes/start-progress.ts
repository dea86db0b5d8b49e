/** What a pod that is being started waits for, or why it cannot start. Pure. */
import type {
  V1ContainerState,
  V1ContainerStateTerminated,
  V1ContainerStateWaiting,
  V1Pod,
} from '@kubernetes/client-node';
import { firstPart } from '../../../common/text/text-cut.js';
import { pullProblem } from '../pull-problems.js';
import { EngineTrouble, ImageProblem } from '../runtime-errors.js';
import { COPY } from './pods/executor-pod.js';
import { engineReason, hasEnded, isRunning, mainStatus } from './pods/pod-state.js';

/** `words`: those of the cluster, for the log. */
export type StartProgress =
  | { kind: 'started' }
  | { kind: 'waiting'; stage: string }
  | { kind: 'failed'; error: ImageProblem | EngineTrouble; words: string };

/** Reasons of a kubelet for an image that is not there. */
const NOT_PULLED = ['ErrImagePull', 'ImagePullBackOff', 'RegistryUnavailable', 'ImageInspectError'];
const NOT_ALLOWED = ['SignatureValidationFailed', 'ErrImageNeverPull'];
/** It waits before the next attempt, and does not say why the last one failed. */
const NO_CAUSE = /^Back-off pulling image "[^"]*"$/;
const NOT_CREATED = ['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError', 'PostStartHookError'];
const NO_USER = /unable to find (?:user|group) \S+/i;
const AS_ROOT = /run as root|non-numeric user/i;
const NODES = 'that of its nodes';
const SHOWN_CHARS = 300;

const PREPARING = 'Its node prepares the container: workspace, program and image';
const PLACING = 'The cluster looks for a node';

/** @param image for messages */
export function startProgress(pod: V1Pod, image: string): StartProgress {
  const main = mainStatus(pod)?.state;
  // A container that has ended by itself counts as started: its state says why.
  if (isRunning(pod) || main?.terminated) return { kind: 'started' };
  const problem = copyProblemOf(pod) ?? endOf(pod) ?? (main?.waiting && waitingProblem(main.waiting, image));

  return problem ?? { kind: 'waiting', stage: stageOf(pod) };
}

function copyProblemOf(pod: V1Pod): StartProgress | null {
  const { terminated, waiting } = copyState(pod);
  if (terminated) return copyFailure(terminated);

  return waiting ? copyProblem(waiting) : null;
}

function copyState({ status }: V1Pod): V1ContainerState {
  return status?.initContainerStatuses?.find(({ name }) => name === COPY)?.state ?? {};
}

function copyFailure({ exitCode, reason = '', message = '' }: V1ContainerStateTerminated): StartProgress | null {
  return exitCode === 0
    ? null
    : failed(
        'The program of executors could not be copied: EXECUTOR_PROGRAM_IMAGE must be the image of this executor manager',
        `${reason}: ${message}`,
      );
}

/** The end of a pod whose container has not run. */
function endOf(pod: V1Pod): StartProgress | null {
  if (!hasEnded(pod) && !pod.metadata?.deletionTimestamp) return null;
  const reason = engineReason(pod) ?? 'was ended by the cluster before it ran';

  return failed(`The executor ${reason}`, pod.status?.message ?? '');
}

/** The image of the manager is no affair of the user. */
function copyProblem({ reason = '', message = '' }: V1ContainerStateWaiting): StartProgress | null {
  if (![...NOT_PULLED, ...NOT_ALLOWED, ...NOT_CREATED, 'InvalidImageName'].includes(reason)) return null;

  return failed(`The nodes cannot run EXECUTOR_PROGRAM_IMAGE (${reason})`, message);
}

function waitingProblem({ reason = '', message = '' }: V1ContainerStateWaiting, image: string): StartProgress | null {
  if (reason === 'InvalidImageName') return about(`${image} is no name of an image for the nodes`, message);
  if (NOT_ALLOWED.includes(reason)) return about(`The nodes may not use ${image} (${reason})`, message);
  if (NOT_PULLED.includes(reason))
    return NO_CAUSE.test(message)
      ? null
      : { kind: 'failed', error: pullProblem(message, image, NODES), words: message };
  if (!NOT_CREATED.includes(reason)) return null;
  const user = NO_USER.exec(message)?.[0];
  if (user !== undefined) return about(`The image's USER does not exist in it: ${user}`, message);
  if (AS_ROOT.test(message))
    return about('The cluster does not let images run as root: give the image a USER', message);

  return failed(`The node cannot create the container of the executor (${reason})`, message);
}

function about(message: string, words: string): StartProgress {
  return { kind: 'failed', error: new ImageProblem(message), words };
}

function failed(message: string, words: string): StartProgress {
  return { kind: 'failed', error: new EngineTrouble('internal', message, { cause: new Error(words) }), words };
}

/** What is being done, in a sentence. The scheduler's own words name what the nodes lack. */
function stageOf(pod: V1Pod): string {
  const placed = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (placed?.status === 'True') return PREPARING;
  if (placed?.reason !== 'Unschedulable') return PLACING;

  return `No node of the cluster has room for it: ${firstPart(placed.message ?? '', SHOWN_CHARS)}`;
}
