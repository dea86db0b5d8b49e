import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { EgressPolicy } from '../infra/http/client/egress.js';
import { ProviderHttp } from '../infra/http/client/provider-http.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { WebhooksProcessor } from './webhooks.processor.js';
import { WEBHOOKS, WebhooksService } from './webhooks.service.js';

const CONNECT_TIMEOUT_MS = 5_000;

/** Delivers the ends of tasks to another system. */
@Module({
  imports: [BullModule.registerQueue({ name: WEBHOOKS }), TasksModule],
  providers: [
    {
      provide: ProviderHttp,
      inject: [AppConfig],
      useFactory: ({ egress }: AppConfig) =>
        new ProviderHttp({ egress: new EgressPolicy(egress), connectTimeoutMs: CONNECT_TIMEOUT_MS }),
    },
    ...[WebhooksService, WebhooksProcessor],
  ],
})
export class WebhooksModule {}
