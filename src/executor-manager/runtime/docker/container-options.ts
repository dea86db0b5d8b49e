import type { ContainerCreateOptions } from 'dockerode';
import type { ContainerSpec, Labels } from '../container-runtime.js';

/** Where programs may write, their home included: the image itself is read-only. */
const SCRATCH = '/tmp';
const SCRATCH_OPTIONS = 'rw,nosuid,nodev,size=64m,mode=1777';
const MEMORY_BYTES = 1024 * 1024 * 1024;
const MAX_PROCESSES = 256;
/** Of the default 1024: other processes have priority. */
const CPU_SHARES = 256;
/** Needs a shell and nothing else: `sleep` is no part of it. Ends when its input is closed. */
const IDLE = ['/bin/sh', '-c', 'while read -r line; do :; done'];

/**
 * Returns the options for an untrusted image: without network, capabilities, new privileges or room to write, and with
 * limits. Its own entry point, health check and working directory play no part.
 */
export function containerOptions(imageId: string, labels: Labels): ContainerCreateOptions {
  return {
    ...{ Image: imageId, Labels: { ...labels } },
    ...{ Entrypoint: IDLE, Cmd: [], OpenStdin: true, Tty: false, WorkingDir: '/' },
    Env: [`HOME=${SCRATCH}`],
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      ...{ NetworkMode: 'none', ReadonlyRootfs: true, Tmpfs: { [SCRATCH]: SCRATCH_OPTIONS } },
      ...{ CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'] },
      ...{ Memory: MEMORY_BYTES, MemorySwap: MEMORY_BYTES, PidsLimit: MAX_PROCESSES, CpuShares: CPU_SHARES },
      // Readable on every engine, and bounded.
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '1' } },
    },
  };
}

const MIB = 1024 * 1024;

/**
 * Returns the options for an executor: it reaches the network and writes to its own file system, but has no capabilities, no
 * new privileges and limits. It logs nothing at the engine: its output goes to those that are attached.
 */
export function executorOptions(spec: ContainerSpec): ContainerCreateOptions {
  const { limits, mounts } = spec;
  const memory = limits.memoryMb * MIB;

  return {
    ...{ name: spec.name, Image: spec.image.id, Labels: { ...spec.labels } },
    ...{ Entrypoint: [...spec.command], Cmd: [], WorkingDir: spec.workingDirectory },
    ...{ OpenStdin: true, StdinOnce: false, Tty: false },
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      ...{ NetworkMode: spec.network, Init: true, RestartPolicy: { Name: 'no' } },
      // What an image has at that place must not become a part of the volume.
      Binds: mounts.map(({ volume, path, isReadOnly }) => `${volume}:${path}:${isReadOnly ? 'ro' : 'rw'},nocopy`),
      ...{ CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'], Privileged: false },
      ...{ Memory: memory, MemorySwap: memory, PidsLimit: limits.pids, NanoCpus: Math.round(limits.cpus * 1e9) },
      LogConfig: { Type: 'none', Config: {} },
    },
  };
}
