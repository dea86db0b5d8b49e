import type { V1Container, V1PodSecurityContext, V1PodSpec, V1SecurityContext } from '@kubernetes/client-node';
import type { AppConfig } from '../../../../config/app-config.js';

/** The container with the image of a user. */
export const MAIN = 'main';

export type KubernetesConfig = AppConfig['manager']['kubernetes'];

/** How images are pulled. */
export const pullPolicyOf = ({ manager }: AppConfig) => (manager.pullPolicy === 'always' ? 'Always' : 'IfNotPresent');

/** Filters the system calls of all containers of a pod. */
export const SECCOMP = { seccompProfile: { type: 'RuntimeDefault' } };

/** Neither capabilities nor new privileges. The user is that of the image. */
export const RESTRICTED = {
  ...{ allowPrivilegeEscalation: false, privileged: false, capabilities: { drop: ['ALL'] } },
  seccompProfile: { type: 'RuntimeDefault' },
} satisfies V1SecurityContext;

/** Keeps the end of the output in the state of the container, which thereby says why it has ended. */
export const TELLS_ITS_END = {
  terminationMessagePolicy: 'FallbackToLogsOnError',
} satisfies Partial<V1Container>;

/** What all pods of images of users have in common: no access to the cluster, and no second start. */
export function podBasics({ pullSecrets, runtimeClass }: KubernetesConfig): Omit<V1PodSpec, 'containers'> {
  return {
    ...{ restartPolicy: 'Never', automountServiceAccountToken: false, enableServiceLinks: false },
    ...(pullSecrets.length > 0 && { imagePullSecrets: pullSecrets.map((name) => ({ name })) }),
    ...(runtimeClass !== undefined && { runtimeClassName: runtimeClass }),
    securityContext: SECCOMP satisfies V1PodSecurityContext,
  };
}
