import { type DynamicModule, Global, Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { AppConfig, toAppConfig, validateEnvironment } from './app-config.js';

/** The configuration, and the module that offers it to all others. */
export interface Configuration {
  config: AppConfig;
  module: DynamicModule;
}

/** Offers the one validated {@link AppConfig} to every module. */
@Global()
@Module({})
export class AppConfigModule {
  /**
   * Reads the environment, and `.env` for what it lacks, once: a program needs the configuration before its modules
   * exist, and they inject the same one.
   * @throws ConfigError naming every bad variable at once
   */
  static async forRoot(): Promise<Configuration> {
    let config = new AppConfig();
    const environment = await ConfigModule.forRoot({
      isGlobal: true,
      cache: true,
      validate: (variables) => {
        const env = validateEnvironment(variables);
        config = toAppConfig(env);

        return env;
      },
    });

    return { config, module: { ...AppConfigModule.for(config), imports: [environment] } };
  }

  /** Offers a configuration that was made otherwise: sent by another process, or by a test. */
  static for(config: AppConfig): DynamicModule {
    return { module: AppConfigModule, providers: [{ provide: AppConfig, useValue: config }], exports: [AppConfig] };
  }
}
