import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { authPart, chatPart, managerPart, queuePart, serverPart, storagePart, taskPart } from './config-parts.js';
import { accessProblems, managerProblems, redisProblems } from './config-problems.js';
import { EnvDto } from './env.dto.js';

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

/** Times of the queues. */
export interface QueueConfig {
  /** How long a job belongs to its worker without a renewal; renewed three times as often. */
  lockMs: number;
  /** How often to look for jobs whose lock has run out. */
  stalledCheckMs: number;
  /** Longest pause between two runs of a maintenance task; some run more often. */
  maintenanceMs: number;
  /** Age from which an answer without a job is started again. */
  lostRunAgeSeconds: number;
}

/** Configuration of the executor manager, beside its address and the internal token. */
export interface ManagerConfig {
  /** Whether one runs beside the server: `auto` where Docker answers and no other one is configured. */
  embedded: 'on' | 'off' | 'auto';
  /** Where reports go, without a trailing slash. */
  backendUrl: string;
  /** Identifies its containers at an engine that managers share; the same after a restart. */
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

/** The validated configuration: nested, typed, complete. Injected by its class; nothing else reads the environment. */
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
    /** Silence that ends an answer whose end was announced, though its stream goes on. */
    endSilenceMs: number;
  };
  readonly dify!: {
    /** How long an app waits for a person before its run fails. */
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
    /** Hours since the last change after which a task cannot be continued; 0 = never. */
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

  /** Whether there is no other replica: only this process reaches the embedded Redis. */
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
 * Checks environment variables, each by itself and together.
 * @throws ConfigError naming every bad variable at once
 */
export function validateEnvironment(variables: Record<string, unknown>): EnvDto {
  const env = plainToInstance(EnvDto, variables, { exposeUnsetFields: false });
  const problems = validateSync(env).flatMap((error) => Object.values(error.constraints ?? {}));
  problems.push(...accessProblems(env), ...redisProblems(env), ...managerProblems(env));
  if (problems.length > 0) throw new ConfigError(problems);

  return env;
}

/** Builds the configuration from checked variables and defaults. */
export function toAppConfig(env: EnvDto): AppConfig {
  const parts = { ...serverPart(env), ...storagePart(env), ...authPart(env), ...chatPart(env), ...taskPart(env) };

  return Object.assign(new AppConfig(), parts, {
    queues: queuePart(env),
    manager: managerPart(env, parts.server.port),
  });
}

/**
 * Builds the configuration from given variables alone.
 * @throws ConfigError naming every bad variable at once
 */
export function loadConfig(variables: Record<string, string | undefined>): AppConfig {
  return toAppConfig(validateEnvironment(variables));
}
