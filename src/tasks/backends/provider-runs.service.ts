import { Injectable } from '@nestjs/common';
import type { DifyRun } from '../../common/dify.js';
import { TaskChangePublisher } from '../events/task-change.publisher.js';
import { ProviderRunsRepository } from './provider-runs.repository.js';

/** Keeps what is known of the runs that answers have at apps. */
@Injectable()
export class ProviderRunsService {
  constructor(
    private readonly repository: ProviderRunsRepository,
    private readonly changes: TaskChangePublisher,
  ) {}

  /** Keeps what a later attempt needs. @throws when the database is away */
  save(subtaskId: number, run: DifyRun): Promise<void> {
    return this.repository.save(subtaskId, run);
  }

  /** Records that a form was answered, so that a later attempt at the run does not wait for it. */
  addAnswered(subtaskId: number, token: string): Promise<void> {
    return this.repository.addAnswered(subtaskId, token);
  }

  /** The bot whose app gave a message; null when it is none of the user's answers. */
  botOfMessage(userId: number, messageId: string): Promise<number | null> {
    return this.repository.botOfMessage(userId, messageId);
  }

  /** Suggestions that came after the end of their answer. */
  async addSuggestions(subtaskId: number, questions: readonly string[]): Promise<void> {
    const owner = await this.repository.addSuggestions(subtaskId, questions);
    if (owner) await this.changes.publish([{ ...owner, subtaskIds: [subtaskId] }]);
  }
}
