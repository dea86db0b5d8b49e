import { Module } from '@nestjs/common';
import { ProviderHttpModule } from '../infra/http/provider-http.module.js';
import { DifyApps } from './dify-apps.js';
import { DifyStopper } from './dify-stopper.js';
import { DifyConversations } from './dify-conversations.js';
import { DifyConversationsRepository } from './dify-conversations.repository.js';
import { DifyProvider } from './dify.provider.js';
import { DifyClient } from './dify.client.js';

/** Dify apps: what they are, what they answer. */
@Module({
  imports: [ProviderHttpModule],
  providers: [DifyClient, DifyApps, DifyStopper, DifyConversations, DifyConversationsRepository, DifyProvider],
  exports: [DifyClient, DifyApps, DifyStopper, DifyProvider],
})
export class DifyModule {}
