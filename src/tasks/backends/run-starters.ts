import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import type { DifyFile } from '../../common/dify.js';
import type { JsonObject } from '../../common/json.js';
import type { TaskRow } from '../turns/turns.repository.js';
import type { TurnRequest } from '../turns/turns.service.js';

/** What the request of an answer chose besides its team. */
export interface RunChoice {
  /** Name of the model in place of the bot's. */
  modelId: string | null;
  /** What is added to the bot's prompt. */
  prompt: string | null;
  /** For apps: their inputs and files. */
  inputs?: JsonObject | null;
  files?: readonly DifyFile[] | null;
}

/** Knows how to begin one kind of run that no executor comes to fetch. */
export interface RunStarter {
  /** Whether answers of this team are of its kind. */
  handles(team: TurnRequest['team']): boolean;
  /**
   * Stores the turn and starts its answer.
   * @param task whose settings hold
   * @throws AppError when there is no room for it now, or its team cannot answer
   */
  start(turn: TurnRequest, choice: RunChoice, task: TaskRow): Promise<unknown>;
}

/** Features that run answers say here how to start them. */
@Injectable()
export class RunStarters {
  private readonly starters: RunStarter[] = [];

  /** Once, at the start of the application. */
  register(starter: RunStarter): void {
    this.starters.push(starter);
  }

  /** @throws AppError conflict when nothing here runs answers of this team */
  for(team: TurnRequest['team']): RunStarter {
    const starter = this.starters.find((each) => each.handles(team));
    if (!starter) throw new AppError('conflict', `Nothing here answers for team "${team.name}"`);

    return starter;
  }
}
