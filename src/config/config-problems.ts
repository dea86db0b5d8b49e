/** Problems that variables have together; those of one alone are found by {@link Env}. */
import ipaddr from 'ipaddr.js';
import { parseImageReference } from '../common/image-reference.js';
import { parseRegistryAuth } from '../common/secrets/registry-auth.js';
import { isLoopback } from '../common/loopback.js';
import { list } from './config-parts.js';
import type { Env } from './env.js';
import { kubernetesProblems } from './kubernetes-part.js';

/** Finds problems of access and secrets. */
export function accessProblems(env: Env): string[] {
  const problems: string[] = [];
  const mode = env.AUTH_MODE ?? 'off';
  problems.push(...hostProblems(env, mode));
  if (env.DATABASE_URL && !env.ENCRYPTION_KEY) {
    problems.push('ENCRYPTION_KEY is required with DATABASE_URL (openssl rand -hex 32)');
  }
  if (env.DATABASE_URL && !env.JWT_SECRET && mode === 'jwt') {
    problems.push('JWT_SECRET is required with DATABASE_URL (openssl rand -hex 32)');
  }
  if (env.WEBHOOK_URL && !env.WEBHOOK_SECRET) {
    problems.push('WEBHOOK_SECRET is required with WEBHOOK_URL: it signs what is sent (openssl rand -hex 32)');
  }
  const invalid = list(env.INTERNAL_ALLOW).filter((cidr) => !isCidr(cidr));
  problems.push(...invalid.map((cidr) => `INTERNAL_ALLOW: ${cidr} is not an address or CIDR`));

  return [...problems, ...proxyProblems(env.TRUST_PROXY ?? 'off')];
}

function proxyProblems(value: string): string[] {
  if (/^([1-9]|10|off)$/.test(value)) return [];
  // A number is an address for ipaddr.js.
  const invalid = list(value).filter((part) => /^\d+$/.test(part) || !isCidr(part));

  return invalid.map((part) => `TRUST_PROXY: ${part} is not off, a number from 1 to 10, an address or CIDR`);
}

function hostProblems({ HOST, ROLES, INTERNAL_API_TOKEN }: Env, mode: 'off' | 'jwt'): string[] {
  if (HOST === undefined || isLoopback(HOST)) return [];
  if (ROLES === 'executor-manager') {
    return INTERNAL_API_TOKEN ? [] : [`HOST=${HOST} needs INTERNAL_API_TOKEN, which callers have to show`];
  }

  return mode === 'off'
    ? [`HOST=${HOST} with AUTH_MODE=off would let everyone in: set AUTH_MODE=jwt, or HOST=127.0.0.1`]
    : [];
}

/** Finds problems of the Redis variables. */
export function redisProblems(env: Env): string[] {
  const problems: string[] = [];
  if (env.REDIS_SENTINELS && env.REDIS_CLUSTER_NODES) {
    problems.push('REDIS_SENTINELS and REDIS_CLUSTER_NODES exclude each other: set one');
  }
  if (env.REDIS_SENTINELS && !env.REDIS_SENTINEL_NAME) {
    problems.push('REDIS_SENTINEL_NAME (the name of the master) is required with REDIS_SENTINELS');
  }

  return problems;
}

/** Finds problems of the executor manager: log-ins of registries, and the image of executors. */
export function managerProblems(env: Env): string[] {
  const { REGISTRY_AUTH, REGISTRY_AUTH_FILE, EXECUTOR_IMAGE, EXECUTOR_PROGRAM_IMAGE } = env;
  const problems = [problemOf('REGISTRY_AUTH', REGISTRY_AUTH, parseRegistryAuth), ...kubernetesProblems(env)];
  problems.push(problemOf('EXECUTOR_IMAGE', EXECUTOR_IMAGE, parseImageReference));
  problems.push(problemOf('EXECUTOR_PROGRAM_IMAGE', EXECUTOR_PROGRAM_IMAGE, parseImageReference));
  if (REGISTRY_AUTH && REGISTRY_AUTH_FILE)
    problems.push('REGISTRY_AUTH and REGISTRY_AUTH_FILE exclude each other: set one');

  return problems.filter((problem) => problem !== null);
}

function problemOf(name: string, value: string | undefined, parse: (value: string) => unknown): string | null {
  try {
    if (value) parse(value);

    return null;
  } catch (error) {
    return `${name} ${(error as Error).message}`;
  }
}

function isCidr(value: string): boolean {
  return ipaddr.isValid(value) || ipaddr.isValidCIDR(value);
}
