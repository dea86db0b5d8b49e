import { hostname } from 'node:os';
import { parseRegistryAuth } from '../common/registry-auth.js';
import type { EnvDto } from './env.dto.js';

/** What the executor manager needs to know, beside its address and the internal token. */
export interface ManagerConfig {
  /** Whether one runs beside the server: `auto` where Docker answers and no other one is configured. */
  embedded: 'on' | 'off' | 'auto';
  /** Where reports go, without a trailing slash. */
  backendUrl: string;
  /** Tells its containers from those of other managers at the same engine; the same after a restart. */
  name: string;
  dockerSocket: string;
  pullPolicy: 'if-not-present' | 'always';
  /** JSON, or a file that is read at each pull. */
  registryAuth: { json: string | undefined; file: string | undefined };
  /** Validations at a time. */
  concurrency: number;
  /** Limit of one check. */
  checkSeconds: number;
}

export function managerPart(env: EnvDto, port: number): ManagerConfig {
  return {
    embedded: env.EXECUTOR_MANAGER ?? (env.EXECUTOR_MANAGER_URL || env.DATABASE_URL ? 'off' : 'auto'),
    backendUrl: (env.BACKEND_URL ?? 'http://127.0.0.1:8000').replace(/\/+$/, ''),
    name: env.EXECUTOR_MANAGER_NAME ?? `${hostname()}:${port}`,
    dockerSocket: env.DOCKER_SOCKET ?? '/var/run/docker.sock',
    pullPolicy: env.IMAGE_PULL_POLICY ?? 'if-not-present',
    registryAuth: { json: env.REGISTRY_AUTH, file: env.REGISTRY_AUTH_FILE },
    concurrency: env.IMAGE_VALIDATION_CONCURRENCY ?? 3,
    checkSeconds: env.IMAGE_CHECK_TIMEOUT_SECONDS ?? 30,
  };
}

export function managerProblems({ REGISTRY_AUTH, REGISTRY_AUTH_FILE }: EnvDto): string[] {
  if (REGISTRY_AUTH && REGISTRY_AUTH_FILE) return ['REGISTRY_AUTH and REGISTRY_AUTH_FILE exclude each other: set one'];
  try {
    if (REGISTRY_AUTH) parseRegistryAuth(REGISTRY_AUTH);

    return [];
  } catch (error) {
    return [`REGISTRY_AUTH ${(error as Error).message}`];
  }
}
