import type { ContainerCreateOptions } from 'dockerode';

/** Labels of the containers that validations run in. */
export const LABELS = {
  /** Name of the manager that made it. */
  manager: 'conch.manager',
  /** Of the run that it belongs to. */
  run: 'conch.run',
  /** Milliseconds since the epoch after which any manager may remove it. */
  expires: 'conch.expires',
} as const;

export type Labels = Readonly<Record<string, string>>;

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
