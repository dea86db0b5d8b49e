import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { inRoot } from './paths.mjs';

const REDIS = ['REDIS_URL', 'REDIS_SENTINELS', 'REDIS_CLUSTER_NODES'];

/** Whether a Redis server is configured, in the environment or in `.env`, so that none has to be on this machine. */
export function isRedisConfigured() {
  const values = environment();

  return REDIS.some((name) => values[name]);
}

/** Whether the program to start is the executor manager, which keeps nothing. */
export const isExecutorManager = () => environment().ROLES === 'executor-manager';

/** Variables as the programs see them: the environment, and `.env` for what it lacks. */
export function environment() {
  const file = inRoot('.env');

  return { ...(existsSync(file) && parseEnv(readFileSync(file, 'utf8'))), ...process.env };
}
