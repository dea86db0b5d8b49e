import { describe, expect, it } from '@jest/globals';
import type { V1ContainerState, V1Pod } from '@kubernetes/client-node';
import { EngineTrouble, ImageProblem } from '../runtime-errors.js';
import { containerState } from './pods/pod-state.js';
import { startProgress } from './start-progress.js';

const IMAGE = 'r.example/agent:1';
const container = (name: string, state: V1ContainerState) => ({
  ...{ name, state, image: IMAGE, imageID: '', ready: false, restartCount: 0 },
});
const pod = (status: object, metadata = {}): V1Pod => ({ metadata: { name: 'conch-task-1-ab', ...metadata }, status });
const withMain = (state: V1ContainerState, status: object = {}) =>
  pod({ phase: 'Pending', ...status, containerStatuses: [container('main', state)] });
const withCopy = (state: V1ContainerState) =>
  pod({ phase: 'Pending', initContainerStatuses: [container('program', state)] });
const waiting = (reason: string, message = '') => withMain({ waiting: { reason, message } });

function errorOf(given: V1Pod): Error {
  const progress = startProgress(given, IMAGE);
  if (progress.kind !== 'failed') throw new Error(`it is ${progress.kind}`);

  return progress.error;
}

describe('startProgress', () => {
  it.each([
    [waiting('ErrImagePull', 'failed to resolve reference "r.example/agent:1": not found'), 'was not found'],
    [waiting('ImagePullBackOff', 'Back-off pulling image "a": ErrImagePull: pull access denied'), 'refuses access'],
    [waiting('ErrImagePull', 'no match for platform in manifest: not found'), 'has no variant'],
    [waiting('InvalidImageName'), 'is no name of an image'],
    [waiting('ErrImageNeverPull'), 'may not use'],
    [waiting('CreateContainerError', 'unable to find user agent: no matching entries'), 'unable to find user agent'],
    [waiting('CreateContainerConfigError', 'container has runAsNonRoot and image will run as root'), 'run as root'],
  ])('is the fault of the image: %j', (given, words) => {
    expect(errorOf(given)).toBeInstanceOf(ImageProblem);
    expect(errorOf(given).message).toContain(words);
  });

  it.each([
    [waiting('ErrImagePull', 'dial tcp: lookup r.example: no such host'), 'does not answer as it should'],
    [waiting('ErrImagePull', 'write /var/lib: no space left on device'), 'no room left'],
    [waiting('CreateContainerConfigError', 'secret "x" not found'), 'cannot create the container'],
    [withCopy({ waiting: { reason: 'ErrImagePull', message: 'not found' } }), 'cannot run EXECUTOR_PROGRAM_IMAGE'],
    [withCopy({ terminated: { exitCode: 1 } }), 'must be the image of this executor manager'],
    [pod({ phase: 'Failed', reason: 'OutOfmemory' }), 'was refused by its node (OutOfmemory)'],
    [pod({ phase: 'Pending' }, { deletionTimestamp: new Date() }), 'is being deleted'],
  ])('says nothing about the image: %j', (given, words) => {
    expect(errorOf(given)).toBeInstanceOf(EngineTrouble);
    expect(errorOf(given).message).toContain(words);
  });

  it.each([
    [pod({}), 'The cluster looks for a node'],
    [
      pod({ conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' }] }),
      'No node of the cluster has room for it: 0/3 nodes',
    ],
    [pod({ conditions: [{ type: 'PodScheduled', status: 'True' }] }), 'Its node prepares the container'],
    [waiting('ContainerCreating'), 'The cluster looks for a node'],
    [waiting('ImagePullBackOff', `Back-off pulling image "${IMAGE}"`), 'The cluster looks for a node'],
  ])('waits: %j', (given, stage) => {
    expect(startProgress(given, IMAGE)).toMatchObject({
      kind: 'waiting',
      stage: expect.stringContaining(stage) as unknown,
    });
  });

  it('has started when its container runs, or has run', () => {
    expect(startProgress(withMain({ running: {} }, { phase: 'Running' }), IMAGE).kind).toBe('started');
    expect(startProgress(withMain({ terminated: { exitCode: 1 } }, { phase: 'Failed' }), IMAGE).kind).toBe('started');
  });
});

describe('containerState', () => {
  it.each([
    [withMain({ running: {} }, { phase: 'Running' }), { isRunning: true, engineReason: undefined }],
    [withMain({ terminated: { exitCode: 3, message: 'oh' } }, { phase: 'Failed' }), { exitCode: 3, log: 'oh' }],
    [withMain({ terminated: { exitCode: 137, reason: 'OOMKilled' } }, { phase: 'Failed' }), { isOutOfMemory: true }],
    [
      withMain({ terminated: { exitCode: 128, reason: 'StartError', message: 'exec' } }),
      { exitCode: 127, log: 'exec' },
    ],
    [
      pod({ phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: ephemeral-storage. ' }),
      { isRunning: false, engineReason: 'was evicted from its node, which was low on ephemeral-storage' },
    ],
    [
      pod({
        phase: 'Failed',
        conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }],
      }),
      { engineReason: 'gave way to a pod of a higher priority' },
    ],
    [pod({ phase: 'Failed', reason: 'NodeLost' }), { engineReason: 'was ended with its node' }],
    [
      { metadata: { deletionTimestamp: new Date() }, status: withMain({ running: {} }, { phase: 'Running' }).status },
      { isRunning: false, engineReason: 'is being deleted at the cluster' },
    ],
  ])('of %j is %j', (given: V1Pod, state) => {
    expect(containerState(given)).toMatchObject(state);
  });
});
