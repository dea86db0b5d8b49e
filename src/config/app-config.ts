import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import ipaddr from 'ipaddr.js';
import { resolve } from 'node:path';
import { EnvDto } from './env.dto.js';
import { type ManagerConfig, managerPart, managerProblems } from './manager-config.js';
import { type QueueConfig, queuePart } from './queue-config.js';

export type AuthMode = 'off' | 'jwt';
/** `executor-manager` stands alone: it is another program. */
export type Role = 'api' | 'worker' | 'executor-manager';
export type RedisConfig =
  | { kind: 'embedded' }
  | { kind: 'url'; url: string }
  | { kind: 'sentinel'; name: string; sentinels: HostPort[]; url: string | undefined }
  | { kind: 'cluster'; nodes: HostPort[]; url: string | undefined };

export interface HostPort {
  host: string;
  port: number;
}

/** The validated configuration: nested, typed, complete. Injected as a class token; nobody else reads the environment. */
export class AppConfig {
  readonly server!: { host: string; port: number; shutdownGraceSeconds: number };
  readonly log!: { level: 'debug' | 'log' | 'warn' | 'error'; format: 'text' | 'json' };
  readonly dataDir!: string;
  readonly roles!: ReadonlySet<Role>;
  /** Unset: PGlite in `dataDir`. */
  readonly databaseUrl!: string | undefined;
  readonly redis!: RedisConfig;
  readonly auth!: {
    mode: AuthMode;
    /** Unset: generated into `dataDir` (only with an embedded database). */
    jwtSecret: string | undefined;
    adminPassword: string | undefined;
    internalToken: string | undefined;
    internalAllow: string[];
  };
  /** Newest first. Empty: generated into `dataDir` (only with an embedded database). */
  readonly encryptionKeys!: string[];
  readonly chat!: {
    maxConcurrent: number;
    maxQueued: number;
    maxRunningPerUser: number;
    historyTtlSeconds: number;
    streamTtlSeconds: number;
  };
  readonly queues!: QueueConfig;
  readonly provider!: {
    connectTimeoutMs: number;
    firstTokenTimeoutMs: number;
    idleTimeoutMs: number;
    totalTimeoutMs: number;
  };
  readonly dify!: {
    /** How long an app waits for a person before its run is given up. */
    inputTimeoutSeconds: number;
  };
  readonly egress!: { allow: string[]; allowLoopback: boolean };
  readonly executors!: {
    /** Without a trailing slash. */
    managerUrl: string | undefined;
    leaseSeconds: number;
    maxAttempts: number;
    maxResultBytes: number;
  };
  readonly manager!: ManagerConfig;
  readonly tasks!: {
    /** After this long a cancelled run is ended without its answer. */
    cancelDeadlineSeconds: number;
    /** Age since its last change at which a task takes no more turns; 0 = never. */
    appendExpireHours: { chat: number; code: number };
  };
  readonly images!: {
    /** Registries that images of shells may come from; empty = any. */
    registries: string[];
    /** After this long a validation ends without a verdict. */
    validationTimeoutSeconds: number;
  };
  readonly webhook!: { url: string | undefined; secret: string | undefined };
  readonly simulator!: { kind: 'off' } | { kind: 'child' } | { kind: 'url'; url: string };
  readonly seeds!: { dir: string; anthropicApiKey: string | undefined; openaiApiKey: string | undefined };

  /** Whether there is no other replica: nobody else reaches the embedded Redis. */
  get isAlone(): boolean {
    return this.redis.kind === 'embedded';
  }
}

/** Thrown at start with every problem of the environment in one message. */
export class ConfigError extends Error {
  constructor(readonly problems: string[]) {
    super(`The configuration has ${problems.length} problem(s):\n${problems.map((line) => `  - ${line}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/**
 * Builds the configuration from environment variables.
 * @throws ConfigError naming every bad variable at once
 */
export function loadConfig(environment: Record<string, string | undefined>): AppConfig {
  const env = plainToInstance(EnvDto, environment, { exposeUnsetFields: false });
  const problems = validateSync(env).flatMap((error) => Object.values(error.constraints ?? {}));
  problems.push(...accessProblems(env), ...redisProblems(env), ...managerProblems(env));
  if (problems.length > 0) throw new ConfigError(problems);

  const parts = { ...serverPart(env), ...storagePart(env), ...authPart(env), ...chatPart(env), ...taskPart(env) };

  return Object.assign(new AppConfig(), parts, {
    queues: queuePart(env),
    manager: managerPart(env, parts.server.port),
  });
}

/** What is wrong with who may reach the server, and with what it protects. */
function accessProblems(env: EnvDto): string[] {
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
  const strange = list(env.INTERNAL_ALLOW).filter((cidr) => !isCidr(cidr));

  return [...problems, ...strange.map((cidr) => `INTERNAL_ALLOW: ${cidr} is not an address or CIDR`)];
}

function hostProblems({ HOST, ROLES, INTERNAL_API_TOKEN }: EnvDto, mode: AuthMode): string[] {
  if (HOST === undefined || isLoopback(HOST)) return [];
  if (ROLES === 'executor-manager') {
    return INTERNAL_API_TOKEN ? [] : [`HOST=${HOST} needs INTERNAL_API_TOKEN, which callers have to show`];
  }

  return mode === 'off'
    ? [`HOST=${HOST} with AUTH_MODE=off would let everyone in: set AUTH_MODE=jwt, or HOST=127.0.0.1`]
    : [];
}

function redisProblems(env: EnvDto): string[] {
  const problems: string[] = [];
  if (env.REDIS_SENTINELS && env.REDIS_CLUSTER_NODES) {
    problems.push('REDIS_SENTINELS and REDIS_CLUSTER_NODES exclude each other: set one');
  }
  if (env.REDIS_SENTINELS && !env.REDIS_SENTINEL_NAME) {
    problems.push('REDIS_SENTINEL_NAME (the name of the master) is required with REDIS_SENTINELS');
  }

  return problems;
}

function serverPart(env: EnvDto) {
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

function storagePart(env: EnvDto) {
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

function authPart(env: EnvDto) {
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

function chatPart(env: EnvDto) {
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
    },
    dify: { inputTimeoutSeconds: env.DIFY_INPUT_TIMEOUT_SECONDS ?? 86_400 },
  };
}

function taskPart(env: EnvDto) {
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

function list(value: string | undefined): string[] {
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

function isCidr(value: string): boolean {
  return ipaddr.isValid(value) || ipaddr.isValidCIDR(value);
}

/** Whether a listen address or Host header name can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '');
  if (name === 'localhost' || name === '127.0.0.1') return true;

  return ipaddr.isValid(name) && ipaddr.process(name).range() === 'loopback';
}
