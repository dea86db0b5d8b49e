import { Transform, Type } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  MinLength,
  ValidateIf,
  type ValidationOptions,
} from 'class-validator';

const blankIsUnset = Transform(({ value }: { value: unknown }) => (value === '' ? undefined : value));

/** A whole number from the environment, within [min, max]. */
function IntVar(min: number, max: number): PropertyDecorator {
  return (target, key) => {
    for (const decorate of [blankIsUnset, IsOptional(), Type(() => Number), IsInt(), Min(min), Max(max)]) {
      decorate(target, key);
    }
  };
}

function TextVar(...rules: PropertyDecorator[]): PropertyDecorator {
  return (target, key) => {
    for (const decorate of [blankIsUnset, IsOptional(), IsString(), ...rules]) decorate(target, key);
  };
}

const loose: ValidationOptions = { message: '$property must be a comma-separated list of host:port' };
const HOST_PORT_LIST = /^[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*$/;
const url = (protocols: string[]) => IsUrl({ protocols, require_tld: false, require_protocol: true });

/** Every environment variable the server reads, with its range. Defaults stand in `app-config.ts`. */
export class EnvDto {
  @IntVar(0, 65535)
  PORT?: number;

  @TextVar()
  HOST?: string;

  @TextVar()
  DATA_DIR?: string;

  @TextVar(Matches(/^postgres(ql)?:\/\/\S+$/, { message: 'DATABASE_URL must begin with postgres://' }))
  DATABASE_URL?: string;

  @TextVar(Matches(/^rediss?:\/\/\S+$/, { message: 'REDIS_URL must begin with redis:// or rediss://' }))
  REDIS_URL?: string;

  @TextVar(Matches(HOST_PORT_LIST, loose))
  REDIS_SENTINELS?: string;

  @TextVar()
  REDIS_SENTINEL_NAME?: string;

  @TextVar(Matches(HOST_PORT_LIST, loose))
  REDIS_CLUSTER_NODES?: string;

  @TextVar(
    Matches(/^((api|worker)(,(api|worker))?|executor-manager)$/, {
      message: 'ROLES must be api, worker or api,worker, or executor-manager alone',
    }),
  )
  ROLES?: string;

  @TextVar(IsIn(['off', 'jwt']))
  AUTH_MODE?: 'off' | 'jwt';

  @TextVar(MinLength(16))
  JWT_SECRET?: string;

  /** Several keys, newest first, separated by commas: the first encrypts, all decrypt. */
  @TextVar(
    Matches(/^[0-9a-f]{64}(,[0-9a-f]{64})*$/i, {
      message: 'ENCRYPTION_KEY must be 64 hex digits (openssl rand -hex 32); several, newest first, by commas',
    }),
  )
  ENCRYPTION_KEY?: string;

  @TextVar(MinLength(8))
  ADMIN_PASSWORD?: string;

  @TextVar(MinLength(16))
  INTERNAL_API_TOKEN?: string;

  @TextVar()
  INTERNAL_ALLOW?: string;

  @IntVar(1, 100_000)
  MAX_CONCURRENT_DIRECT_CHATS?: number;

  @IntVar(0, 1_000_000)
  MAX_QUEUED_DIRECT_CHATS?: number;

  @IntVar(1, 100_000)
  MAX_RUNNING_TASKS_PER_USER?: number;

  @IntVar(1, 31_536_000)
  CHAT_HISTORY_TTL_SECONDS?: number;

  @IntVar(1, 31_536_000)
  STREAM_TTL_SECONDS?: number;

  @IntVar(100, 600_000)
  PROVIDER_CONNECT_TIMEOUT_MS?: number;

  @IntVar(100, 3_600_000)
  PROVIDER_FIRST_TOKEN_TIMEOUT_MS?: number;

  @IntVar(100, 3_600_000)
  PROVIDER_IDLE_TIMEOUT_MS?: number;

  @IntVar(100, 86_400_000)
  PROVIDER_TOTAL_TIMEOUT_MS?: number;

  @IntVar(100, 600_000)
  PROVIDER_END_SILENCE_MS?: number;

  @IntVar(1, 2_592_000)
  DIFY_INPUT_TIMEOUT_SECONDS?: number;

  @TextVar()
  EGRESS_ALLOW?: string;

  @TextVar(url(['http', 'https']))
  EXECUTOR_MANAGER_URL?: string;

  /** The one of this package, beside the server. */
  @TextVar(IsIn(['on', 'off']))
  EXECUTOR_MANAGER?: 'on' | 'off';

  @IntVar(1, 86_400)
  EXECUTOR_LEASE_SECONDS?: number;

  @IntVar(1, 100)
  EXECUTOR_MAX_ATTEMPTS?: number;

  @IntVar(1024, 67_108_864)
  EXECUTOR_MAX_RESULT_BYTES?: number;

  @IntVar(1, 3600)
  CANCEL_DEADLINE_SECONDS?: number;

  @TextVar(
    Matches(/^[^\s,/]+(\s*,\s*[^\s,/]+)*$/, {
      message: 'SHELL_IMAGE_REGISTRIES must be a comma-separated list of registries: host or host:port',
    }),
  )
  SHELL_IMAGE_REGISTRIES?: string;

  @IntVar(1, 86_400)
  IMAGE_VALIDATION_TIMEOUT_SECONDS?: number;

  @IntVar(0, 87_600)
  APPEND_CHAT_TASK_EXPIRE_HOURS?: number;

  @IntVar(0, 87_600)
  APPEND_CODE_TASK_EXPIRE_HOURS?: number;

  @TextVar(url(['http', 'https']))
  BACKEND_URL?: string;

  @TextVar(
    Matches(/^[\w.:-]{1,100}$/, { message: 'EXECUTOR_MANAGER_NAME must be letters, digits, ".", ":", "_", "-"' }),
  )
  EXECUTOR_MANAGER_NAME?: string;

  @TextVar(Matches(/^\//, { message: 'DOCKER_SOCKET must be the absolute path of a Unix socket' }))
  DOCKER_SOCKET?: string;

  @TextVar(IsIn(['if-not-present', 'always']))
  IMAGE_PULL_POLICY?: 'if-not-present' | 'always';

  @TextVar()
  REGISTRY_AUTH?: string;

  @TextVar()
  REGISTRY_AUTH_FILE?: string;

  @IntVar(1, 100)
  IMAGE_VALIDATION_CONCURRENCY?: number;

  @IntVar(1, 600)
  IMAGE_CHECK_TIMEOUT_SECONDS?: number;

  @TextVar(url(['http', 'https']))
  WEBHOOK_URL?: string;

  @TextVar(MinLength(16))
  WEBHOOK_SECRET?: string;

  /** `on`, `off`, or the address of a simulator that runs already. */
  @ValidateIf((env: EnvDto) => !['on', 'off', '', undefined].includes(env.SIMULATOR))
  @IsUrl(
    { protocols: ['http'], require_tld: false, require_protocol: true },
    { message: 'SIMULATOR must be on, off or the URL of a running simulator' },
  )
  SIMULATOR?: string;

  @IntVar(500, 600_000)
  WORKER_LOCK_MS?: number;

  @IntVar(100, 600_000)
  WORKER_STALLED_CHECK_MS?: number;

  @IntVar(100, 600_000)
  MAINTENANCE_INTERVAL_MS?: number;

  @IntVar(1, 86_400)
  LOST_RUN_AGE_SECONDS?: number;

  @IntVar(0, 3600)
  SHUTDOWN_GRACE_SECONDS?: number;

  @TextVar()
  SEEDS_DIR?: string;

  @TextVar()
  ANTHROPIC_API_KEY?: string;

  @TextVar()
  OPENAI_API_KEY?: string;

  @TextVar(IsIn(['debug', 'log', 'warn', 'error']))
  LOG_LEVEL?: 'debug' | 'log' | 'warn' | 'error';

  @TextVar(IsIn(['text', 'json']))
  LOG_FORMAT?: 'text' | 'json';
}
