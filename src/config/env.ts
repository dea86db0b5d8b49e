import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, IsUrl, Matches, Max, Min, MinLength, ValidateIf } from 'class-validator';

/** The rules of one variable, which becomes a `T`. */
type Variable<T> = PropertyDecorator & { readonly becomes?: T };

const blankIsUnset = Transform(({ value }: { value: unknown }) => (value === '' ? undefined : value));

/** A whole number within [min, max]. */
const int = (min: number, max: number): Variable<number> =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (value === '' || value === undefined ? undefined : Number(value))),
    IsOptional(),
    IsInt(),
    Min(min),
    Max(max),
  );

const text = (...rules: PropertyDecorator[]): Variable<string> =>
  applyDecorators(blankIsUnset, IsOptional(), IsString(), ...rules);

const oneOf = <T extends string>(...values: T[]) => text(IsIn(values)) as Variable<T>;

const HTTP_URL = IsUrl({ protocols: ['http', 'https'], require_tld: false, require_protocol: true });
const HOST_PORTS = Matches(/^[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*$/, {
  message: '$property must be a comma-separated list of host:port',
});

const DNS_LABEL = Matches(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
  message: '$property must be lower-case letters, digits and "-", at most 63',
});
const DNS_NAME = Matches(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, {
  message: '$property must be lower-case letters, digits, "." and "-"',
});

/** Every environment variable that the server reads, with its range. Defaults are in `config-parts.ts`. */
const VARIABLES = {
  PORT: int(0, 65535),
  HOST: text(),
  DATA_DIR: text(),
  DATABASE_URL: text(Matches(/^postgres(ql)?:\/\/\S+$/, { message: 'DATABASE_URL must begin with postgres://' })),
  REDIS_URL: text(Matches(/^rediss?:\/\/\S+$/, { message: 'REDIS_URL must begin with redis:// or rediss://' })),
  EMBEDDED_REDIS_MAX_MB: int(32, 1_000_000),
  REDIS_SENTINELS: text(HOST_PORTS),
  REDIS_SENTINEL_NAME: text(),
  REDIS_CLUSTER_NODES: text(HOST_PORTS),
  ROLES: text(
    Matches(/^((api|worker)(,(api|worker))?|executor-manager)$/, {
      message: 'ROLES must be api, worker or api,worker, or executor-manager alone',
    }),
  ),
  AUTH_MODE: oneOf('off', 'jwt'),
  JWT_SECRET: text(MinLength(16)),
  /** Several keys, newest first, separated by commas: the first encrypts, all decrypt. */
  ENCRYPTION_KEY: text(
    Matches(/^[0-9a-f]{64}(,[0-9a-f]{64})*$/i, {
      message: 'ENCRYPTION_KEY must be 64 hex digits (openssl rand -hex 32); several, newest first, by commas',
    }),
  ),
  ACCESS_TOKEN_TTL_SECONDS: int(1, 31_536_000),
  REFRESH_TOKEN_TTL_SECONDS: int(1, 31_536_000),
  ADMIN_PASSWORD: text(MinLength(8)),
  INTERNAL_API_TOKEN: text(MinLength(16)),
  INTERNAL_ALLOW: text(),
  /** `off`, the number of proxies, or their addresses and CIDRs. */
  TRUST_PROXY: text(),
  MAX_CONCURRENT_DIRECT_CHATS: int(1, 100_000),
  MAX_QUEUED_DIRECT_CHATS: int(0, 1_000_000),
  MAX_RUNNING_TASKS_PER_USER: int(1, 100_000),
  /** Of each user; 0 = no limit. */
  USER_REQUESTS_PER_SECOND: int(0, 100_000),
  USER_REQUEST_BURST: int(0, 1_000_000),
  USER_TASKS_PER_HOUR: int(0, 1_000_000),
  USER_STORED_MB: int(0, 10_000_000),
  MAX_ANSWER_BYTES: int(1024, 33_554_432),
  MAX_STREAMS_PER_USER: int(1, 100_000),
  SSE_PING_MS: int(100, 600_000),
  METRICS_TOKEN: text(MinLength(16)),
  API_DOCS: oneOf('on', 'off'),
  MAX_CONNECTIONS: int(1, 1_000_000),
  MAX_CONNECTIONS_PER_ADDRESS: int(1, 1_000_000),
  CHAT_HISTORY_TTL_SECONDS: int(1, 31_536_000),
  STREAM_TTL_SECONDS: int(1, 31_536_000),
  AUTO_TITLES: oneOf('on', 'off'),
  /** 0 = never. */
  CHAT_SELF_START_MS: int(0, 3_600_000),
  PROVIDER_CONNECT_TIMEOUT_MS: int(100, 600_000),
  PROVIDER_FIRST_TOKEN_TIMEOUT_MS: int(100, 3_600_000),
  PROVIDER_IDLE_TIMEOUT_MS: int(100, 3_600_000),
  PROVIDER_TOTAL_TIMEOUT_MS: int(100, 86_400_000),
  PROVIDER_END_SILENCE_MS: int(100, 600_000),
  DIFY_INPUT_TIMEOUT_SECONDS: int(1, 2_592_000),
  GIT_HTTP_HOSTS: text(),
  EGRESS_ALLOW: text(),
  EXECUTOR_MANAGER_URL: text(HTTP_URL),
  /** The one of this package, beside the server. */
  EXECUTOR_MANAGER: oneOf('on', 'off'),
  EXECUTOR_LEASE_SECONDS: int(1, 86_400),
  /** Of executors that have not sent a heartbeat yet. */
  EXECUTOR_SILENT_LEASE_SECONDS: int(1, 604_800),
  EXECUTOR_WORKSPACE_WAIT_SECONDS: int(0, 604_800),
  EXECUTOR_IDLE_CHAT_HOURS: int(1, 87_600),
  EXECUTOR_IDLE_CODE_HOURS: int(1, 87_600),
  EXECUTOR_MAX_ATTEMPTS: int(1, 100),
  EXECUTOR_MAX_RESULT_BYTES: int(1024, 67_108_864),
  CANCEL_DEADLINE_SECONDS: int(1, 3600),
  SHELL_IMAGE_REGISTRIES: text(
    Matches(/^[^\s,/]+(\s*,\s*[^\s,/]+)*$/, {
      message: 'SHELL_IMAGE_REGISTRIES must be a comma-separated list of registries: host or host:port',
    }),
  ),
  IMAGE_VALIDATION_TIMEOUT_SECONDS: int(1, 86_400),
  APPEND_CHAT_TASK_EXPIRE_HOURS: int(0, 87_600),
  APPEND_CODE_TASK_EXPIRE_HOURS: int(0, 87_600),
  BACKEND_URL: text(HTTP_URL),
  EXECUTOR_MANAGER_NAME: text(
    Matches(/^[\w.:-]{1,100}$/, { message: 'EXECUTOR_MANAGER_NAME must be letters, digits, ".", ":", "_", "-"' }),
  ),
  DOCKER_SOCKET: text(Matches(/^\//, { message: 'DOCKER_SOCKET must be the absolute path of a Unix socket' })),
  IMAGE_PULL_POLICY: oneOf('if-not-present', 'always'),
  REGISTRY_AUTH: text(),
  REGISTRY_AUTH_FILE: text(),
  IMAGE_VALIDATION_CONCURRENCY: int(1, 100),
  IMAGE_CHECK_TIMEOUT_SECONDS: int(1, 600),
  MAX_CONCURRENT_TASKS: int(0, 10_000),
  EXECUTOR_RUNTIME: oneOf('docker', 'kubernetes'),
  EXECUTOR_IMAGE: text(),
  /** Directory with the program of executors; that of the build when it is unset. */
  EXECUTOR_FILES: text(Matches(/^\//, { message: 'EXECUTOR_FILES must be an absolute path' })),
  EXECUTOR_API_URL: text(HTTP_URL),
  EXECUTOR_NETWORK: text(
    Matches(/^\w[\w.-]{0,99}$/, { message: 'EXECUTOR_NETWORK must be the name of a network, e.g. bridge or host' }),
  ),
  EXECUTOR_MEMORY_MB: int(64, 10_000_000),
  EXECUTOR_CPUS: int(1, 1024),
  EXECUTOR_PIDS: int(16, 4_000_000),
  /** Of the manager itself: pods copy the program of executors from it. */
  EXECUTOR_PROGRAM_IMAGE: text(),
  KUBECONFIG: text(Matches(/^\//, { message: 'KUBECONFIG must be the absolute path of one file' })),
  KUBERNETES_NAMESPACE: text(DNS_LABEL),
  KUBERNETES_STORAGE_CLASS: text(DNS_NAME),
  KUBERNETES_WORKSPACE_SIZE: text(
    Matches(/^[1-9]\d*(Mi|Gi|Ti|M|G|T)$/, { message: 'KUBERNETES_WORKSPACE_SIZE must be a quantity, e.g. 10Gi' }),
  ),
  KUBERNETES_IMAGE_PULL_SECRETS: text(
    Matches(/^[a-z0-9][a-z0-9.-]*(\s*,\s*[a-z0-9][a-z0-9.-]*)*$/, {
      message: 'KUBERNETES_IMAGE_PULL_SECRETS must be a comma-separated list of names of secrets',
    }),
  ),
  KUBERNETES_RUNTIME_CLASS: text(DNS_NAME),
  KUBERNETES_REQUEST_MEMORY_MB: int(16, 10_000_000),
  KUBERNETES_REQUEST_CPU_MILLIS: int(1, 1_024_000),
  KUBERNETES_START_TIMEOUT_SECONDS: int(1, 86_400),
  WEBHOOK_URL: text(HTTP_URL),
  WEBHOOK_SECRET: text(MinLength(16)),
  /** `on`, `off`, or the address of a simulator that runs already. */
  SIMULATOR: applyDecorators(
    ValidateIf(({ SIMULATOR }: { SIMULATOR?: string }) => !['on', 'off', '', undefined].includes(SIMULATOR)),
    IsUrl(
      { protocols: ['http'], require_tld: false, require_protocol: true },
      { message: 'SIMULATOR must be on, off or the URL of a running simulator' },
    ),
  ) as Variable<string>,
  WORKER_LOCK_MS: int(500, 600_000),
  WORKER_STALLED_CHECK_MS: int(100, 600_000),
  MAINTENANCE_INTERVAL_MS: int(100, 600_000),
  LOST_RUN_AGE_SECONDS: int(1, 86_400),
  SHUTDOWN_GRACE_SECONDS: int(0, 3600),
  SEEDS_DIR: text(),
  ANTHROPIC_API_KEY: text(),
  OPENAI_API_KEY: text(),
  LOG_LEVEL: oneOf('debug', 'log', 'warn', 'error'),
  LOG_FORMAT: oneOf('text', 'json'),
};

/** The variables that are set, after their checks. */
export type Env = {
  [Name in keyof typeof VARIABLES]?: NonNullable<(typeof VARIABLES)[Name]['becomes']>;
};

/** Applies a table of rules to the properties of a class. */
const Checks = (variables: Readonly<Record<string, PropertyDecorator>>): ClassDecorator => {
  return ({ prototype }) => {
    for (const [name, check] of Object.entries(variables)) check(prototype as object, name);
  };
};

/** What class-validator checks. */
@Checks(VARIABLES)
export class Environment {}
