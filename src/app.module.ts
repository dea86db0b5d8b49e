import { type DynamicModule, Module } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { AuthModule } from './auth/auth.module.js';
import { BotsModule } from './bots/bots.module.js';
import type { Configuration } from './config/config.module.js';
import { DirectChatModule } from './direct-chat/direct-chat.module.js';
import { ExecutorsModule } from './executors/executors.module.js';
import { GitModule } from './git/git.module.js';
import { HealthModule } from './health/health.module.js';
import { CacheInvalidationModule } from './infra/cache/cache-invalidation.js';
import { CryptoModule } from './infra/crypto/crypto.module.js';
import { DatabaseModule } from './infra/database/database.module.js';
import { EmbeddedModule, type EmbeddedParts } from './infra/embedded/embedded.module.js';
import { ExecutorManagerHttpModule } from './infra/http/client/executor-manager-http.js';
import { LifecycleModule } from './infra/lifecycle.js';
import { MaintenanceModule } from './infra/queue/maintenance.processor.js';
import { QueueModule } from './infra/queue/queue.module.js';
import { RateLimitModule } from './infra/rate-limit/rate-limit.module.js';
import { RedisModule } from './infra/redis/redis.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { ModelsModule } from './models/models.module.js';
import { QueueBoardModule } from './queue-board/queue-board.module.js';
import { SeedsModule } from './seeds/seeds.module.js';
import { SharingModule } from './sharing/sharing.module.js';
import { ShellsModule } from './shells/shells.module.js';
import { ImageValidationsModule } from './shells/validations/image-validations.module.js';
import { TasksModule } from './tasks/tasks.module.js';
import { TeamsModule } from './teams/teams.module.js';
import { BuiltPage } from './web-ui/built-page.js';
import { WebUiModule } from './web-ui/web-ui.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/** All modules of the server. */
@Module({})
export class AppModule {
  static for(configuration: Configuration, parts: EmbeddedParts): DynamicModule {
    return {
      module: AppModule,
      imports: [
        // First: hooks of modules run in this order at the start and in reverse at the end, so that listeners outlive workers.
        EventEmitterModule.forRoot(),
        ...[configuration.module, LifecycleModule, CacheInvalidationModule, CryptoModule, EmbeddedModule.for(parts)],
        ...[DatabaseModule, RedisModule, RateLimitModule, QueueModule, ExecutorManagerHttpModule],
        ...[AuthModule, GitModule, ModelsModule, ShellsModule, BotsModule, TeamsModule, SeedsModule],
        ...[ImageValidationsModule, TasksModule, ExecutorsModule, WebhooksModule, DirectChatModule],
        ...[SharingModule, HealthModule, MetricsModule, QueueBoardModule, MaintenanceModule],
        WebUiModule.for(BuiltPage.ofPackage()),
      ],
    };
  }
}
