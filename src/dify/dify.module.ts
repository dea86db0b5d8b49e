import { Module } from '@nestjs/common';
import { ProviderHttpModule } from '../infra/http/provider-http.module.js';
import { DifyApps } from './dify-apps.js';
import { DifyStopper } from './dify-stopper.js';
import { DifyClient } from './dify.client.js';

/** Dify apps: what they are, what they answer. */
@Module({
  imports: [ProviderHttpModule],
  providers: [DifyClient, DifyApps, DifyStopper],
  exports: [DifyClient, DifyApps, DifyStopper],
})
export class DifyModule {}
