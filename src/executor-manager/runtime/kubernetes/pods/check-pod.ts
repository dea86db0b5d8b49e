import type { V1Pod } from '@kubernetes/client-node';
import type { AppConfig } from '../../../../config/app-config.js';
import type { Labels } from '../../container-runtime.js';
import { LABELS } from '../../runtime-labels.js';
import { metadataOf } from '../kubernetes-labels.js';
import { MAIN, podBasics, pullPolicyOf, RESTRICTED, TELLS_ITS_END } from './pod-parts.js';

/** Where programs may write, their home included: the image itself is read-only. In memory, of which it is a part. */
const SCRATCH = '/tmp';
const RESOURCES = { limits: { memory: '1Gi', cpu: '1' }, requests: { memory: '256Mi', cpu: '100m' } };
/** Needs a shell and nothing else: `sleep` is no part of it. */
const IDLE = ['/bin/sh', '-c', 'while read -r line; do :; done'];
const LEAST_SECONDS = 60;

/**
 * Returns the pod for the checks of an image: no room to write, no privileges, limits, and an end when the validation is over
 * without its manager. The NetworkPolicy of deploy/kubernetes keeps it from the network. Pure.
 */
export function checkPod(name: string, image: string, labels: Labels, config: AppConfig): V1Pod {
  const secondsLeft = Math.ceil((Number(labels[LABELS.expires]) - Date.now()) / 1000);

  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { name, ...metadataOf(labels) },
    spec: {
      ...podBasics(config.manager.kubernetes),
      activeDeadlineSeconds: Math.max(LEAST_SECONDS, secondsLeft || 0),
      terminationGracePeriodSeconds: 1,
      volumes: [{ name: 'scratch', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } }],
      containers: [
        {
          ...{ name: MAIN, image, imagePullPolicy: pullPolicyOf(config), ...TELLS_ITS_END },
          ...{ command: IDLE, args: [], workingDir: '/', stdin: true, stdinOnce: false, tty: false },
          env: [{ name: 'HOME', value: SCRATCH }],
          volumeMounts: [{ name: 'scratch', mountPath: SCRATCH }],
          resources: RESOURCES,
          securityContext: { ...RESTRICTED, readOnlyRootFilesystem: true },
        },
      ],
    },
  };
}
