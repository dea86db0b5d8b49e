import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { configParts } from './config-parts.js';
import { accessProblems, managerProblems, redisProblems } from './config-problems.js';
import { type Env, Environment } from './env.js';
import { withSecretFiles } from './secret-files.js';

type Parts = Readonly<ReturnType<typeof configParts>>;

/** The validated configuration: nested, typed, complete. Injected by its class; nothing else reads the environment. */
export class AppConfig implements Parts {
  readonly server!: Parts['server'];
  readonly log!: Parts['log'];
  readonly dataDir!: Parts['dataDir'];
  readonly roles!: Parts['roles'];
  readonly databaseUrl!: Parts['databaseUrl'];
  readonly redis!: Parts['redis'];
  readonly auth!: Parts['auth'];
  readonly encryptionKeys!: Parts['encryptionKeys'];
  readonly chat!: Parts['chat'];
  readonly queues!: Parts['queues'];
  readonly quotas!: Parts['quotas'];
  readonly provider!: Parts['provider'];
  readonly dify!: Parts['dify'];
  readonly egress!: Parts['egress'];
  readonly git!: Parts['git'];
  readonly executors!: Parts['executors'];
  readonly manager!: Parts['manager'];
  readonly tasks!: Parts['tasks'];
  readonly images!: Parts['images'];
  readonly webhook!: Parts['webhook'];
  readonly simulator!: Parts['simulator'];
  readonly seeds!: Parts['seeds'];

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
export function validateEnvironment(given: Record<string, unknown>): Env {
  const { variables, problems } = withSecretFiles(given);
  const env = plainToInstance(Environment, variables, { exposeUnsetFields: false });
  problems.push(...validateSync(env).flatMap((error) => Object.values(error.constraints ?? {})));
  problems.push(...accessProblems(env), ...redisProblems(env), ...managerProblems(env));
  if (problems.length > 0) throw new ConfigError(problems);

  return env;
}

/** Builds the configuration from checked variables and defaults. */
export function toAppConfig(env: Env): AppConfig {
  return Object.assign(new AppConfig(), configParts(env));
}

/**
 * Builds the configuration from given variables alone.
 * @throws ConfigError naming every bad variable at once
 */
export function loadConfig(variables: Record<string, string | undefined>): AppConfig {
  return toAppConfig(validateEnvironment(variables));
}
