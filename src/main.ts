import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import type { BuiltApp } from './app.setup.js';
import { type AppConfig, ConfigError } from './config/app-config.js';
import { AppConfigModule, type Configuration } from './config/config.module.js';
import { DataDirInUseError } from './infra/embedded/data-dir-lock.js';
import { SeedsError } from './seeds/seed-set.js';

/** Errors that the user can fix: shown without a stack. */
const EXPECTED = [ConfigError, DataDirInUseError, SeedsError];
/** npm forwards a Ctrl-C that the terminal has sent to this process already. */
const SAME_SIGNAL_MS = 500;

/** Starts the server, or the executor manager. */
async function main(): Promise<void> {
  const configuration = await AppConfigModule.forRoot();
  const { config } = configuration;
  const built = await build(configuration);
  stopOnSignals(built);
  await built.app.listen(config.server.port, config.server.host);
  const url = await built.app.getUrl();
  process.stdout.write(isManager(config) ? managerBanner(config, url) : banner(config, url));
}

const isManager = ({ roles }: AppConfig) => roles.has('executor-manager');

/** Loads only the code of the configured program. */
async function build(configuration: Configuration): Promise<BuiltApp> {
  if (isManager(configuration.config)) {
    const { buildExecutorManager } = await import('./executor-manager/executor-manager.setup.js');

    return buildExecutorManager(configuration);
  }
  const { buildApp } = await import('./app.setup.js');

  return buildApp(configuration);
}

function stopOnSignals({ stop }: BuiltApp): void {
  const log = new Logger('Conch');
  let stoppingSince = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    if (stoppingSince > 0) {
      if (Date.now() - stoppingSince < SAME_SIGNAL_MS) return;
      log.warn(`${signal} again: stopping at once`);
      process.exit(130);
    }
    stoppingSince = Date.now();
    log.log(`${signal}: stopping; once more stops at once`);
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error('stopping failed', error instanceof Error ? error.stack : String(error));
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // A bug in one request must not end the answers of all others.
  process.on('unhandledRejection', (reason) => {
    log.error('unhandled rejection', reason instanceof Error ? reason.stack : String(reason));
  });
}

function banner(config: AppConfig, url: string): string {
  const data = [
    config.databaseUrl ? 'Postgres' : `PGlite in ${config.dataDir}`,
    config.redis.kind === 'embedded' ? `Redis in ${config.dataDir}` : `Redis (${config.redis.kind})`,
  ];
  const token = config.auth.mode === 'jwt' ? ` -H "Authorization: Bearer $TOKEN"` : '';

  return `
  Conch is ready.
    Page     ${url}/
    API      ${url}/api
${config.server.apiDocs ? `    Swagger  ${url}/api/docs\n` : ''}    Data     ${data.join(', ')}
    Try      curl -N ${url}/api/direct-chat/stream${token} -H 'Content-Type: application/json' -d '{"prompt":"Hello!"}'

`;
}

function managerBanner({ manager }: AppConfig, url: string): string {
  return `
  The executor manager is ready.
    Calls    ${url}/executor-manager
    Reports  ${manager.backendUrl}/api
    Engine   ${manager.executors.runtime === 'kubernetes' ? 'Kubernetes' : manager.dockerSocket}

`;
}

try {
  await main();
} catch (error) {
  const isExpected = EXPECTED.some((type) => error instanceof type);
  const text = error instanceof Error ? ((isExpected ? undefined : error.stack) ?? error.message) : String(error);
  process.stderr.write(`\n${text}\n\n`);
  process.exit(1);
}
