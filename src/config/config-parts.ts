/** Builds each part of the configuration from its variables. Contains the defaults. */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { AppConfig, HostPort, ManagerConfig, QueueConfig, RedisConfig, Role } from './app-config.js';
import type { EnvDto } from './env.dto.js';

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

export function queuePart(env: EnvDto): QueueConfig {
  return {
    lockMs: env.WORKER_LOCK_MS ?? 6_000,
    stalledCheckMs: env.WORKER_STALLED_CHECK_MS ?? 2_500,
    maintenanceMs: env.MAINTENANCE_INTERVAL_MS ?? 15_000,
    lostRunAgeSeconds: env.LOST_RUN_AGE_SECONDS ?? 20,
  };
}

export function serverPart(env: EnvDto) {
  return {
    server: {
      host: env.HOST ?? '127.0.0.1',
      port: env.PORT ?? (env.ROLES === 'executor-manager' ? 8001 : 8000),
      shutdownGraceSeconds: env.SHUTDOWN_GRACE_SECONDS ?? 30,
    },
    log: { level: env.LOG_LEVEL ?? 'log', format: env.LOG_FORMAT ?? 'text' },
    roles: new Set((env.ROLES ?? 'api,worker').split(',') as Role[]),
    seeds: {
      dir: resolve(env.SEEDS_DIR ?? 'seeds'),
      anthropicApiKey: env.ANTHROPIC_API_KEY,
      openaiApiKey: env.OPENAI_API_KEY,
    },
  };
}

export function storagePart(env: EnvDto) {
  const embedded = !env.DATABASE_URL;

  return {
    dataDir: resolve(env.DATA_DIR ?? 'data'),
    databaseUrl: env.DATABASE_URL,
    redis: redisPart(env),
    encryptionKeys: list(env.ENCRYPTION_KEY?.toLowerCase()),
    simulator: simulatorPart(env.SIMULATOR ?? (embedded ? 'on' : 'off')),
  };
}

function redisPart(env: EnvDto): RedisConfig {
  if (env.REDIS_SENTINELS) {
    const sentinels = hostPorts(env.REDIS_SENTINELS);

    return { kind: 'sentinel', name: env.REDIS_SENTINEL_NAME ?? '', sentinels, url: env.REDIS_URL };
  }
  if (env.REDIS_CLUSTER_NODES)
    return { kind: 'cluster', nodes: hostPorts(env.REDIS_CLUSTER_NODES), url: env.REDIS_URL };
  if (env.REDIS_URL) return { kind: 'url', url: env.REDIS_URL };

  return { kind: 'embedded' };
}

function simulatorPart(value: string): AppConfig['simulator'] {
  if (value === 'off') return { kind: 'off' };
  if (value === 'on') return { kind: 'child' };

  return { kind: 'url', url: value.replace(/\/+$/, '') };
}

export function authPart(env: EnvDto) {
  const mode = env.AUTH_MODE ?? 'off';

  return {
    auth: {
      mode,
      jwtSecret: env.JWT_SECRET,
      adminPassword: env.ADMIN_PASSWORD,
      internalToken: env.INTERNAL_API_TOKEN,
      internalAllow: list(env.INTERNAL_ALLOW),
    },
    egress: { allow: list(env.EGRESS_ALLOW), allowLoopback: mode === 'off' },
  };
}

export function chatPart(env: EnvDto) {
  return {
    chat: {
      maxConcurrent: env.MAX_CONCURRENT_DIRECT_CHATS ?? 50,
      maxQueued: env.MAX_QUEUED_DIRECT_CHATS ?? 1000,
      maxRunningPerUser: env.MAX_RUNNING_TASKS_PER_USER ?? 10,
      historyTtlSeconds: env.CHAT_HISTORY_TTL_SECONDS ?? 7200,
      streamTtlSeconds: env.STREAM_TTL_SECONDS ?? 3600,
    },
    provider: {
      connectTimeoutMs: env.PROVIDER_CONNECT_TIMEOUT_MS ?? 10_000,
      firstTokenTimeoutMs: env.PROVIDER_FIRST_TOKEN_TIMEOUT_MS ?? 120_000,
      idleTimeoutMs: env.PROVIDER_IDLE_TIMEOUT_MS ?? 120_000,
      totalTimeoutMs: env.PROVIDER_TOTAL_TIMEOUT_MS ?? 1_200_000,
      endSilenceMs: env.PROVIDER_END_SILENCE_MS ?? 2_000,
    },
    dify: { inputTimeoutSeconds: env.DIFY_INPUT_TIMEOUT_SECONDS ?? 86_400 },
  };
}

export function taskPart(env: EnvDto) {
  return {
    executors: {
      managerUrl: env.EXECUTOR_MANAGER_URL?.replace(/\/+$/, ''),
      leaseSeconds: env.EXECUTOR_LEASE_SECONDS ?? 120,
      maxAttempts: env.EXECUTOR_MAX_ATTEMPTS ?? 3,
      maxResultBytes: env.EXECUTOR_MAX_RESULT_BYTES ?? 4 * 1024 * 1024,
    },
    tasks: {
      cancelDeadlineSeconds: env.CANCEL_DEADLINE_SECONDS ?? 60,
      appendExpireHours: {
        chat: env.APPEND_CHAT_TASK_EXPIRE_HOURS ?? 0,
        code: env.APPEND_CODE_TASK_EXPIRE_HOURS ?? 0,
      },
    },
    images: {
      registries: list(env.SHELL_IMAGE_REGISTRIES),
      validationTimeoutSeconds: env.IMAGE_VALIDATION_TIMEOUT_SECONDS ?? 600,
    },
    webhook: { url: env.WEBHOOK_URL, secret: env.WEBHOOK_SECRET },
  };
}

export function list(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function hostPorts(value: string): HostPort[] {
  return list(value).map((part) => {
    const at = part.lastIndexOf(':');

    return { host: part.slice(0, at), port: Number(part.slice(at + 1)) };
  });
}
