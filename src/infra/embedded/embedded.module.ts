import { Global, Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AppConfig } from '../../config/app-config.js';
import { type DataDirLock, lockDataDir } from './data-dir-lock.js';
import { EmbeddedRedis } from './embedded-redis.js';
import { ManagerProcess } from './manager-process.js';
import { EmbeddedSimulator } from './embedded-simulator.js';

/**
 * The embedded parts of a server without configuration: its data directory and a redis-server. Started before Nest and
 * stopped after it, because all modules depend on them.
 */
export class EmbeddedParts {
  private constructor(
    private readonly lock: DataDirLock | null,
    private readonly redis: EmbeddedRedis | null,
  ) {}

  /** Parts that are never started, for a server that is only described. */
  static none(): EmbeddedParts {
    return new EmbeddedParts(null, null);
  }

  /** @throws DataDirInUseError when another process uses the data directory */
  static async start(config: AppConfig): Promise<EmbeddedParts> {
    const own = config.redis.kind === 'embedded' ? config.redis : null;
    const lock = own || !config.databaseUrl ? await lockDataDir(config.dataDir) : null;
    try {
      const redis = own && new EmbeddedRedis(config.dataDir, own.maxMb);
      await redis?.start();

      return new EmbeddedParts(lock, redis);
    } catch (error) {
      lock?.release();
      throw error;
    }
  }

  /** Unix socket of the private redis-server; undefined when Redis is configured. */
  get redisSocket(): string | undefined {
    return this.redis?.socketPath;
  }

  async stop(): Promise<void> {
    await this.redis?.stop();
    this.lock?.release();
  }
}

/** Offers the started {@link EmbeddedParts}, and the simulator and executor manager when they are on. */
@Global()
@Module({})
export class EmbeddedModule {
  static for(parts: EmbeddedParts) {
    return {
      module: EmbeddedModule,
      providers: [
        { provide: EmbeddedParts, useValue: parts },
        {
          provide: EmbeddedSimulator,
          inject: [AppConfig],
          useFactory: (config: AppConfig) => EmbeddedSimulator.start(config),
        },
        {
          provide: ManagerProcess,
          inject: [AppConfig, HttpAdapterHost],
          useFactory: (config: AppConfig, host: HttpAdapterHost) => ManagerProcess.start(config, host),
        },
      ],
      exports: [EmbeddedParts, EmbeddedSimulator, ManagerProcess],
    };
  }
}
