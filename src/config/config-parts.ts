/** The parts of the configuration, each made of its variables. Contains the defaults. */
import { availableParallelism, hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Env } from './env.js';
import { kubernetesPart } from './kubernetes-part.js';

/** `executor-manager` stands alone: it is another program. */
type Role = 'api' | 'worker' | 'executor-manager';

export interface HostPort {
  host: string;
  port: number;
}

export type RedisConfig =
  | { kind: 'embedded'; maxMb: number }
  | { kind: 'url'; url: string }
  | { kind: 'sentinel'; name: string; sentinels: HostPort[]; url: string | undefined }
  | { kind: 'cluster'; nodes: HostPort[]; url: string | undefined };

/** Public ones, which strangers' images may come from. */
const KNOWN_REGISTRIES = 'docker.io,ghcr.io,quay.io,mcr.microsoft.com,registry.k8s.io';

type SimulatorConfig = { kind: 'off' } | { kind: 'embedded' } | { kind: 'url'; url: string };

/** All parts of the configuration. */
export function configParts(env: Env) {
  const server = serverPart(env);

  return {
    ...{ server, ...storageParts(env), ...accessParts(env), ...chatParts(env), ...taskParts(env) },
    log: { level: env.LOG_LEVEL ?? 'log', format: env.LOG_FORMAT ?? 'text' },
    roles: new Set((env.ROLES ?? 'api,worker').split(',') as Role[]) as ReadonlySet<Role>,
    queues: queuePart(env),
    quotas: quotaPart(env),
    manager: managerPart(env, server.port),
    simulator: simulatorPart(env.SIMULATOR ?? (env.DATABASE_URL ? 'off' : 'on')),
    seeds: {
      dir: resolve(env.SEEDS_DIR ?? 'seeds'),
      anthropicApiKey: env.ANTHROPIC_API_KEY,
      openaiApiKey: env.OPENAI_API_KEY,
    },
  };
}

/** The executor manager, beside its address and the internal token. */
function managerPart(env: Env, port: number) {
  return {
    /** Whether one runs beside the server: `auto` where Docker answers and no other one is configured. */
    embedded: env.EXECUTOR_MANAGER ?? (env.EXECUTOR_MANAGER_URL || env.DATABASE_URL ? 'off' : 'auto'),
    /** Where reports go, without a trailing slash. */
    backendUrl: (env.BACKEND_URL ?? 'http://127.0.0.1:8000').replace(/\/+$/, ''),
    /** Identifies its containers at an engine that managers share; the same after a restart. */
    name: env.EXECUTOR_MANAGER_NAME ?? `${hostname()}:${port}`,
    dockerSocket: env.DOCKER_SOCKET ?? '/var/run/docker.sock',
    pullPolicy: env.IMAGE_PULL_POLICY ?? 'if-not-present',
    /** JSON, or a file that is read at each pull. */
    registryAuth: { json: env.REGISTRY_AUTH, file: env.REGISTRY_AUTH_FILE },
    /** Validations at a time. */
    concurrency: env.IMAGE_VALIDATION_CONCURRENCY ?? 3,
    /** Limit of one check. */
    checkSeconds: env.IMAGE_CHECK_TIMEOUT_SECONDS ?? 30,
    executors: containerPart(env),
    kubernetes: kubernetesPart(env),
  };
}

/** The executors that the manager runs in containers. */
function containerPart(env: Env) {
  return {
    /** Subtasks at a time; 0: the manager validates images only. */
    maxConcurrent: env.MAX_CONCURRENT_TASKS ?? Math.max(2, availableParallelism()),
    runtime: env.EXECUTOR_RUNTIME ?? 'docker',
    /** For shells without an image of their own. */
    image: env.EXECUTOR_IMAGE,
    files: env.EXECUTOR_FILES,
    /** Of the API as containers reach it; unset: as the manager does. */
    apiUrl: env.EXECUTOR_API_URL,
    /** Unset: that of the machine if the API listens on its loopback only, else `bridge`. */
    network: env.EXECUTOR_NETWORK,
    limits: {
      memoryMb: env.EXECUTOR_MEMORY_MB ?? 2048,
      cpus: env.EXECUTOR_CPUS ?? 2,
      pids: env.EXECUTOR_PIDS ?? 512,
    },
    idleHours: idleHours(env),
  };
}

/** Limits of each user, with AUTH_MODE=jwt; 0 = none. */
function quotaPart(env: Env) {
  return {
    requestsPerSecond: env.USER_REQUESTS_PER_SECOND ?? 50,
    /** Requests that may come at once. */
    requestBurst: env.USER_REQUEST_BURST ?? 200,
    tasksPerHour: env.USER_TASKS_PER_HOUR ?? 1000,
    /** Prompts and results of all tasks that are not deleted, in MiB. */
    storedMb: env.USER_STORED_MB ?? 1024,
  };
}

/** Times of the queues. */
function queuePart(env: Env) {
  return {
    /** How long a job belongs to its worker without a renewal; renewed three times as often. */
    lockMs: env.WORKER_LOCK_MS ?? 6_000,
    /** How often to look for jobs whose lock has run out. */
    stalledCheckMs: env.WORKER_STALLED_CHECK_MS ?? 2_500,
    /** Longest pause between two runs of a maintenance task; some run more often. */
    maintenanceMs: env.MAINTENANCE_INTERVAL_MS ?? 15_000,
    /** Age from which an answer without a job is started again. */
    lostRunAgeSeconds: env.LOST_RUN_AGE_SECONDS ?? 20,
  };
}

function serverPart(env: Env) {
  return {
    host: env.HOST ?? '127.0.0.1',
    port: env.PORT ?? (env.ROLES === 'executor-manager' ? 8001 : 8000),
    shutdownGraceSeconds: env.SHUTDOWN_GRACE_SECONDS ?? 30,
    trustProxy: trustProxyPart(env.TRUST_PROXY ?? 'off'),
    /** Unset: with authentication, only callers on this machine read metrics. */
    metricsToken: env.METRICS_TOKEN,
    /** Whether Swagger and the OpenAPI document are served. */
    apiDocs: (env.API_DOCS ?? (env.AUTH_MODE === 'jwt' ? 'off' : 'on')) === 'on',
    /** Unset: 10,000, or what the open files of the process allow. */
    maxConnections: env.MAX_CONNECTIONS,
    /** Unset: a limit for public addresses only, where no reverse proxy stands. */
    maxConnectionsPerAddress: env.MAX_CONNECTIONS_PER_ADDRESS,
    /** Open event streams of one user at this process. Without authentication all callers are one user. */
    maxStreamsPerUser: env.MAX_STREAMS_PER_USER ?? (env.AUTH_MODE === 'jwt' ? 20 : 1000),
    /** Shorter than every idle timeout on the way: nginx and load balancers have 60 s. */
    ssePingMs: env.SSE_PING_MS ?? 15_000,
  };
}

/** Whose `X-Forwarded-For` counts: that of no proxy, of so many proxies in a row, or of those with these addresses. */
export type TrustProxy = false | number | string[];

function trustProxyPart(value: string): TrustProxy {
  if (value === 'off') return false;

  return /^\d+$/.test(value) ? Number(value) : list(value);
}

function storageParts(env: Env) {
  return {
    dataDir: resolve(env.DATA_DIR ?? 'data'),
    /** Unset: PGlite in `dataDir`. */
    databaseUrl: env.DATABASE_URL,
    redis: redisPart(env),
    /** Newest first. Empty: generated into `dataDir` (only with an embedded database). */
    encryptionKeys: list(env.ENCRYPTION_KEY?.toLowerCase()),
  };
}

function redisPart(env: Env): RedisConfig {
  if (env.REDIS_SENTINELS) {
    const sentinels = hostPorts(env.REDIS_SENTINELS);

    return { kind: 'sentinel', name: env.REDIS_SENTINEL_NAME ?? '', sentinels, url: env.REDIS_URL };
  }
  if (env.REDIS_CLUSTER_NODES)
    return { kind: 'cluster', nodes: hostPorts(env.REDIS_CLUSTER_NODES), url: env.REDIS_URL };
  if (env.REDIS_URL) return { kind: 'url', url: env.REDIS_URL };

  return { kind: 'embedded', maxMb: env.EMBEDDED_REDIS_MAX_MB ?? 1024 };
}

function simulatorPart(value: string): SimulatorConfig {
  if (value === 'off') return { kind: 'off' };
  if (value === 'on') return { kind: 'embedded' };

  return { kind: 'url', url: value.replace(/\/+$/, '') };
}

function accessParts(env: Env) {
  const mode = env.AUTH_MODE ?? 'off';

  return {
    auth: {
      mode,
      /** Unset: generated into `dataDir` (only with an embedded database). */
      jwtSecret: env.JWT_SECRET,
      /** How long a token is accepted; clients refresh it. */
      accessTokenSeconds: env.ACCESS_TOKEN_TTL_SECONDS ?? 900,
      /** How long a session lasts that is not refreshed. */
      refreshTokenSeconds: env.REFRESH_TOKEN_TTL_SECONDS ?? 2_592_000,
      adminPassword: env.ADMIN_PASSWORD,
      internalToken: env.INTERNAL_API_TOKEN,
      internalAllow: list(env.INTERNAL_ALLOW),
    },
    egress: { allow: list(env.EGRESS_ALLOW), allowLoopback: mode === 'off' },
    /** Hosts of git servers that speak HTTP without TLS, with or without a port. */
    git: { httpHosts: list(env.GIT_HTTP_HOSTS) },
  };
}

function chatParts(env: Env) {
  return {
    chat: {
      maxConcurrent: env.MAX_CONCURRENT_DIRECT_CHATS ?? 50,
      maxQueued: env.MAX_QUEUED_DIRECT_CHATS ?? 1000,
      maxRunningPerUser: env.MAX_RUNNING_TASKS_PER_USER ?? 10,
      /** Of one answer's text and reasoning together, in UTF-8. */
      maxAnswerBytes: env.MAX_ANSWER_BYTES ?? 4 * 1024 * 1024,
      historyTtlSeconds: env.CHAT_HISTORY_TTL_SECONDS ?? 7200,
      streamTtlSeconds: env.STREAM_TTL_SECONDS ?? 3600,
      /** Whether models write the titles of conversations. */
      autoTitles: env.AUTO_TITLES !== 'off',
      /** Age from which a waiting answer that is not streamed begins by itself; 0 = never. */
      selfStartMs: env.CHAT_SELF_START_MS ?? 5_000,
    },
    provider: providerPart(env),
    /** How long an app waits for a person before its run fails. */
    dify: { inputTimeoutSeconds: env.DIFY_INPUT_TIMEOUT_SECONDS ?? 86_400 },
  };
}

/** Deadlines of providers. */
function providerPart(env: Env) {
  return {
    connectTimeoutMs: env.PROVIDER_CONNECT_TIMEOUT_MS ?? 10_000,
    firstTokenTimeoutMs: env.PROVIDER_FIRST_TOKEN_TIMEOUT_MS ?? 120_000,
    idleTimeoutMs: env.PROVIDER_IDLE_TIMEOUT_MS ?? 120_000,
    totalTimeoutMs: env.PROVIDER_TOTAL_TIMEOUT_MS ?? 1_200_000,
    /** Silence that ends an answer whose end was announced, though its stream goes on. */
    endSilenceMs: env.PROVIDER_END_SILENCE_MS ?? 2_000,
  };
}

/** Executors, and the manager that starts them. */
function executorPart(env: Env) {
  return {
    /** Without a trailing slash. */
    managerUrl: env.EXECUTOR_MANAGER_URL?.replace(/\/+$/, ''),
    /** Of executors that send heartbeats. */
    leaseSeconds: env.EXECUTOR_LEASE_SECONDS ?? 120,
    /** Of executors that have not sent one yet: Wegent's never do, and say nothing while a tool runs. */
    silentLeaseSeconds: env.EXECUTOR_SILENT_LEASE_SECONDS ?? 3600,
    workspaceWaitSeconds: env.EXECUTOR_WORKSPACE_WAIT_SECONDS ?? 120,
    idleHours: idleHours(env),
    maxAttempts: env.EXECUTOR_MAX_ATTEMPTS ?? 3,
    maxResultBytes: env.EXECUTOR_MAX_RESULT_BYTES ?? 4 * 1024 * 1024,
  };
}

/** Hours after which an executor without work is deleted, by the type of its task. */
function idleHours(env: Env) {
  return { chat: env.EXECUTOR_IDLE_CHAT_HOURS ?? 2, code: env.EXECUTOR_IDLE_CODE_HOURS ?? 24 };
}

function taskParts(env: Env) {
  return {
    executors: executorPart(env),
    tasks: {
      /** After this long a cancelled run is ended without its answer. */
      cancelDeadlineSeconds: env.CANCEL_DEADLINE_SECONDS ?? 90,
      /** Hours since the last change after which a task cannot be continued; 0 = never. */
      appendExpireHours: {
        chat: env.APPEND_CHAT_TASK_EXPIRE_HOURS ?? 0,
        code: env.APPEND_CODE_TASK_EXPIRE_HOURS ?? 0,
      },
    },
    images: {
      /** Registries that images of shells may come from; empty or with `*` all public ones. */
      registries: list(env.SHELL_IMAGE_REGISTRIES ?? (env.AUTH_MODE === 'jwt' ? KNOWN_REGISTRIES : '')),
      /** After this long a validation ends without a verdict. */
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
