import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import type { ResolvedTeam } from '../../teams/resolved-teams.js';
import type { SubtaskRow } from '../turns/turns.repository.js';
import type { AnswerBackend } from './answer-backend.js';

/** The registry of {@link AnswerBackend}s. Each registers itself when its module is initialized. */
@Injectable()
export class AnswerBackends {
  private readonly backends: AnswerBackend[] = [];

  /** Adds a backend; called once, at the start of the application. */
  register(backend: AnswerBackend): void {
    this.backends.push(backend);
  }

  /** Returns the backend that runs an answer; undefined when none does, so that it may be ended at once. */
  find(subtask: SubtaskRow): AnswerBackend | undefined {
    return this.backends.find((backend) => backend.handles(subtask));
  }

  /** Returns the backend that answers for a team. @throws AppError conflict when there is none */
  forTeam(team: ResolvedTeam): AnswerBackend {
    const found = this.backends.find((backend) => backend.handlesTeam(team));
    if (!found) throw new AppError('conflict', `Nothing here answers for team "${team.name}"`);

    return found;
  }

  /** Lets all backends release what they keep for a task. @throws AppError when one of them cannot */
  async beforeDelete(taskId: number): Promise<void> {
    for (const backend of this.backends) await backend.beforeDelete?.(taskId);
  }
}
