import { Injectable } from '@nestjs/common';
import { notFound } from '../common/app-error.js';
import { endUserOf } from '../common/end-user.js';
import { TurnsService } from '../tasks/turns.service.js';
import { DifyClient } from './dify.client.js';
import { DifyConnections } from './dify-connections.js';
import type { FeedbackDto } from './dify.dto.js';
import { isGone } from './dify.errors.js';

/** What users think of answers. */
@Injectable()
export class FeedbackService {
  constructor(
    private readonly turns: TurnsService,
    private readonly connections: DifyConnections,
    private readonly client: DifyClient,
  ) {}

  /** @throws AppError not_found for messages of others, and for what Dify does not know any more */
  async give(userId: number, messageId: string, { rating, content }: FeedbackDto): Promise<void> {
    const botId = await this.turns.difyBotOf(userId, messageId);
    if (botId === null) throw notFound(`Message ${messageId}`);
    const connection = await this.connections.ofBot(userId, botId);
    const feedback = { rating, user: endUserOf(userId), ...(content !== undefined && { content }) };
    try {
      await this.client.feedback(connection, messageId, feedback);
    } catch (error) {
      throw isGone(error) ? notFound(`Message ${messageId}`) : error;
    }
  }
}
