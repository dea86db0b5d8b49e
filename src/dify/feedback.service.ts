import { Injectable } from '@nestjs/common';
import { notFound } from '../common/app-error.js';
import { EndUserPseudonyms } from '../infra/crypto/end-user-pseudonyms.js';
import { ProviderRunsService } from '../tasks/backends/provider-runs.service.js';
import { DifyClient } from './client/dify.client.js';
import { DifyConnections } from './client/dify-connections.js';
import type { FeedbackDto } from './dify.dto.js';
import { isUnknown } from './client/dify.errors.js';

/** Sends the users' feedback on answers to Dify. */
@Injectable()
export class FeedbackService {
  constructor(
    private readonly runs: ProviderRunsService,
    private readonly connections: DifyConnections,
    private readonly client: DifyClient,
    private readonly names: EndUserPseudonyms,
  ) {}

  /** Sends a rating. @throws AppError not_found for other users' messages, and for those that Dify does not know */
  async give(userId: number, messageId: string, { rating, content }: FeedbackDto): Promise<void> {
    const botId = await this.runs.botOfMessage(userId, messageId);
    if (botId === null) throw notFound(`Message ${messageId}`);
    const connection = await this.connections.ofBot(userId, botId);
    const feedback = { rating, user: this.names.of(userId), ...(content !== undefined && { content }) };
    try {
      await this.client.feedback(connection, messageId, feedback);
    } catch (error) {
      throw isUnknown(error) ? notFound(`Message ${messageId}`) : error;
    }
  }
}
