import type { V1Container, V1Pod, V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import type { AppConfig } from '../../../../config/app-config.js';
import type { ContainerLimits, ContainerSpec, VolumeFile } from '../../container-runtime.js';
import {
  type KubernetesConfig,
  MAIN,
  podBasics,
  pullPolicyOf,
  RESTRICTED,
  SECCOMP,
  TELLS_ITS_END,
} from './pod-parts.js';
import { metadataOf } from '../kubernetes-labels.js';

/** The container that copies the program of executors from the image of the manager. */
export const COPY = 'program';
/** For SIGTERM before SIGKILL, unless a removal says otherwise. */
const GRACE_SECONDS = 5;
/** Owns the workspace, so that any user of an image may write to it where the storage supports that. */
const WORKSPACE_GROUP = 1000;
/** A Node binary has about 120 MB. */
const PROGRAM_SIZE = '512Mi';
const COPY_RESOURCES = {
  requests: { cpu: '50m', memory: '64Mi' },
  limits: { cpu: '1', memory: '256Mi' },
};
/** Plain Node, which the image of the manager has; its arguments are the target and the list of files. */
const COPY_SCRIPT = `
const { chmodSync, copyFileSync, mkdirSync } = require('node:fs');
const { dirname, join } = require('node:path');
const [target, files] = process.argv.slice(1);
for (const { path, source, isExecutable } of JSON.parse(files)) {
  const file = join(target, path);
  mkdirSync(dirname(file), { recursive: true });
  copyFileSync(source, file);
  chmodSync(file, isExecutable ? 0o755 : 0o644);
}`;

/** Files that volumes consist of, by the name of the volume. */
export type ProgramFiles = ReadonlyMap<string, readonly VolumeFile[]>;

/**
 * Returns the pod of an executor. Its read-only volume is filled by an init container with the image of the manager, which
 * has those files at the same paths; its other volumes are claims. Pure.
 */
export function executorPod(spec: ContainerSpec, programs: ProgramFiles, config: AppConfig): V1Pod {
  const { kubernetes } = config.manager;
  const copies = spec.mounts.flatMap(({ volume, path }) => {
    const files = programs.get(volume);

    return files ? [copyContainer(volume, path, files, config)] : [];
  });

  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { name: spec.name, ...metadataOf(spec.labels) },
    spec: {
      ...podBasics(kubernetes),
      securityContext: {
        ...SECCOMP,
        ...{ fsGroup: WORKSPACE_GROUP, fsGroupChangePolicy: 'OnRootMismatch' },
      },
      // The pause container reaps what the agent's commands leave behind, as Docker's init does.
      ...{ shareProcessNamespace: true, terminationGracePeriodSeconds: GRACE_SECONDS },
      volumes: spec.mounts.map(({ volume }) => volumeOf(volume, programs.has(volume))),
      initContainers: copies,
      containers: [mainContainer(spec, config)],
    },
  };
}

function mainContainer(spec: ContainerSpec, config: AppConfig): V1Container {
  return {
    ...{ name: MAIN, image: spec.image.id, imagePullPolicy: pullPolicyOf(config), ...TELLS_ITS_END },
    ...{ command: [...spec.command], args: [], workingDir: spec.workingDirectory },
    ...{ stdin: true, stdinOnce: false, tty: false },
    env: Object.entries(spec.env).map(([name, value]) => ({ name, value })),
    volumeMounts: spec.mounts.map(({ volume, path, isReadOnly }): V1VolumeMount => ({
      name: volume,
      mountPath: path,
      readOnly: isReadOnly,
    })),
    resources: resourcesOf(spec.limits, config.manager.kubernetes),
    securityContext: RESTRICTED,
  };
}

function copyContainer(volume: string, path: string, files: readonly VolumeFile[], config: AppConfig): V1Container {
  return {
    ...{ name: COPY, image: config.manager.kubernetes.programImage, imagePullPolicy: pullPolicyOf(config) },
    ...{ command: [process.execPath, '-e', COPY_SCRIPT], args: [path, JSON.stringify(files)], ...TELLS_ITS_END },
    volumeMounts: [{ name: volume, mountPath: path }],
    resources: COPY_RESOURCES,
    securityContext: { ...RESTRICTED, readOnlyRootFilesystem: true },
  };
}

function volumeOf(name: string, isProgram: boolean): V1Volume {
  return isProgram
    ? { name, emptyDir: { sizeLimit: PROGRAM_SIZE } }
    : { name, persistentVolumeClaim: { claimName: name } };
}

/** The kubelet limits processes (`podPidsLimit`), not the pod. */
function resourcesOf({ memoryMb, cpus }: ContainerLimits, { requests }: KubernetesConfig) {
  return {
    limits: { memory: `${memoryMb}Mi`, cpu: String(cpus) },
    requests: {
      memory: `${Math.min(requests.memoryMb, memoryMb)}Mi`,
      cpu: `${Math.min(requests.cpuMillis, cpus * 1000)}m`,
    },
  };
}
