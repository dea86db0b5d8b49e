import { ArrayMaxSize, IsArray, IsInt, Max, Min } from 'class-validator';
import { MAX_ID, TextField } from '../../common/fields.js';
import { TASK_STATUSES, type TaskStatus } from '../../infra/database/schema/schema.js';
import { ApiProperty } from '@nestjs/swagger';

const MAX_TASKS = 1_000;
const MAX_NAME = 500;
/** How the names of one manager's executors end. */
export const MANAGER = /^-[0-9a-f]{1,64}$/;

/** Which tasks a manager asks about. */
export class TaskStatesQueryDto {
  /** At most 1000 */
  @IsArray()
  @IsInt({ each: true })
  @Min(1, { each: true })
  @Max(MAX_ID, { each: true })
  @ArrayMaxSize(MAX_TASKS)
  task_ids!: number[];

  /**
   * And those whose running subtask has an executor with a name that ends like this
   * @example -0a1b2c3d
   */
  @TextField({ max: 100, optional: true })
  executor_suffix?: string;

  /**
   * How the names of the asking manager’s executors end: it lives, see the dispatch
   * @example -0a1b2c3d
   */
  @TextField({ max: 65, pattern: MANAGER, optional: true })
  manager?: string;
}

/** What a manager needs to know about a task whose container or workspace it has. */
export class TaskStateDto {
  task_id!: number;

  /** `DELETE`: there is no such task any more */
  @ApiProperty({ enum: TASK_STATUSES })
  status!: TaskStatus;

  /** Whether another turn of it may need its workspace */
  keeps_workspace!: boolean;

  /** The subtask that executors work on; null when none does */
  subtask_id!: number | null;

  /** That has reported on that subtask; empty when none has */
  executor_name!: string;
}

export class TaskStatesDto {
  tasks!: TaskStateDto[];
}

/** Why a manager cannot go on with a subtask. */
export class ReleaseDto {
  /** In words, for the user */
  @TextField({ max: 2_000 })
  reason!: string;

  /** Of the executor that had it */
  @TextField({ min: 0, max: MAX_NAME, optional: true })
  executor_name?: string;
}

export class ReleasedDto {
  subtask_id!: number;

  /** `offered_again`: others may claim it; `failed`: it was claimed too often; `ended`: there was nothing to release */
  outcome!: 'offered_again' | 'failed' | 'ended';
}

/** What a manager does before the executor of a subtask can report by itself. */
export class StageDto {
  /** @example The image is being pulled: 40 % */
  @TextField({ max: 500 })
  stage!: string;

  @TextField({ min: 0, max: MAX_NAME, optional: true })
  executor_name?: string;
}
