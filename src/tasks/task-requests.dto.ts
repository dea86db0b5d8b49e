import { BoolField, EnumField, IdField, IntField, TextField } from '../common/fields.js';
import { PageQuery } from '../common/page.js';
import { TASK_STATUSES, type TaskStatus } from '../infra/database/schema/schema.js';
import type { NewTask } from './turns/new-turn.js';

const MAX_BODY = 1_048_576;

/** A new task, or a new turn of an existing one; Wegent's `TaskCreate`. */
export class CreateTaskDto {
  /** At most 60000 bytes of UTF-8 */
  @TextField({ max: MAX_BODY })
  prompt!: string;

  /** Taken from the prompt when missing */
  @TextField({ max: 500, optional: true })
  title?: string;

  /** Or team_name. For a new turn: the task keeps its team when missing */
  @IdField({ optional: true })
  team_id?: number;

  @TextField({ max: 100, optional: true })
  team_name?: string;

  @TextField({ max: 100, optional: true })
  team_namespace?: string;

  @TextField({ min: 0, max: 2000, optional: true })
  git_url?: string;

  @TextField({ min: 0, max: 500, optional: true })
  git_repo?: string;

  @IntField({ optional: true })
  git_repo_id?: number;

  @TextField({ min: 0, max: 200, optional: true })
  git_domain?: string;

  @TextField({ min: 0, max: 500, optional: true })
  branch_name?: string;

  @EnumField(['online', 'offline'], { optional: true })
  type?: 'online' | 'offline';

  @EnumField(['chat', 'code'], { optional: true })
  task_type?: 'chat' | 'code';

  @EnumField(['true', 'false'], { optional: true })
  auto_delete_executor?: 'true' | 'false';

  @TextField({ max: 100, optional: true })
  source?: string;

  /** Name of a model; used when the bot binds none */
  @TextField({ max: 100, optional: true, nullable: true })
  model_id?: string | null;

  /** Use model_id even when the bot binds a model */
  @BoolField({ optional: true })
  force_override_bot_model?: boolean;
}

export class CreateTaskQuery {
  @IntField({ min: 1, optional: true, query: true })
  task_id?: number;
}

export class UpdateTaskDto {
  @TextField({ max: 500, optional: true })
  title?: string;

  /** `CANCELLED` and `FAILED` end a task that is CANCELLING. The status of an ended task does not change */
  @EnumField(TASK_STATUSES, { optional: true })
  status?: TaskStatus;

  @TextField({ min: 0, max: 10_000, optional: true })
  error_message?: string;

  @TextField({ min: 0, max: 2000, optional: true })
  git_url?: string;

  @IntField({ optional: true })
  git_repo_id?: number;
}

/** Each filter that is given must match. */
export class TasksQuery extends PageQuery {
  @EnumField(TASK_STATUSES.filter((status) => status !== 'DELETE'), { optional: true })
  status?: TaskStatus;

  @EnumField(['chat', 'code'], { optional: true })
  task_type?: 'chat' | 'code';

  @IntField({ min: 1, optional: true, query: true })
  team_id?: number;

  /** Part of the title, in any case */
  @TextField({ max: 500, optional: true })
  title?: string;
}

export class SearchTasksQuery extends PageQuery {
  /** Part of the title, in any case */
  @TextField({ max: 500 })
  title!: string;
}

/** What a request says about the task itself, besides its title. */
export function toTaskFields(dto: Omit<CreateTaskDto, 'prompt'>): Omit<NewTask, 'title' | 'titleSource'> {
  return {
    type: dto.type ?? 'online',
    taskType: dto.task_type ?? 'chat',
    source: dto.source ?? 'web',
    gitUrl: dto.git_url ?? '',
    gitRepo: dto.git_repo ?? '',
    gitRepoId: dto.git_repo_id ?? 0,
    gitDomain: dto.git_domain ?? '',
    branchName: dto.branch_name ?? '',
    modelId: dto.model_id ?? null,
    forceOverrideBotModel: dto.force_override_bot_model ?? false,
    autoDeleteExecutor: dto.auto_delete_executor === 'true',
  };
}
