import { ConsoleLogger } from '@nestjs/common';
import type { AppConfig } from '../config/app-config.js';

const NOISE = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestFactory', 'BullExplorer']);
const LEVELS = ['error', 'warn', 'log', 'debug'] as const;

/** Suppresses the log lines of the framework about each route and module. */
class QuietLogger extends ConsoleLogger {
  override log(message: unknown, ...rest: unknown[]): void {
    if (!NOISE.has(String(rest.at(-1)))) super.log(message, ...(rest as [string]));
  }
}

/** Creates the logger of a program, at the level and in the format of its configuration. */
export function createLogger({ log }: AppConfig, prefix: string): ConsoleLogger {
  return new QuietLogger({
    prefix,
    json: log.format === 'json',
    logLevels: LEVELS.slice(0, LEVELS.indexOf(log.level) + 1),
  });
}
