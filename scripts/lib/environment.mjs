import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { inRoot } from './paths.mjs';

const REDIS = ['REDIS_URL', 'REDIS_SENTINELS', 'REDIS_CLUSTER_NODES'];

/** Whether a Redis server is configured, in the environment or in `.env`, so that none has to be on this machine. */
export function isRedisConfigured() {
  const file = inRoot('.env');
  const values = { ...(existsSync(file) && parseEnv(readFileSync(file, 'utf8'))), ...process.env };

  return REDIS.some((name) => values[name]);
}
