import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { LinkAccess } from '../../auth/tokens/task-link-tokens.js';
import { ApiSchema, SHARED_RESULT } from '../../common/contracts/answer-schemas.js';
import type { AnswerFile, Extras, Source, Step } from '../../common/contracts/chat-event.js';
import { withoutParams } from '../../common/text/prompt.js';
import {
  SUBTASK_STATUSES,
  type SubtaskResult,
  TASK_STATUSES,
  type TaskStatus,
} from '../../infra/database/schema/schema.js';
import type { SubtaskDto } from '../../tasks/subtasks.dto.js';
import type { TaskDetailDto } from '../../tasks/tasks.dto.js';
import { ACCESSES } from './task-links.dto.js';
import { withoutDetails } from './without-details.js';

/** An answer as links show it. Steps have no `detail`: it can contain prompts of the app. */
type SharedResult = Pick<SubtaskResult, 'value' | 'reasoning'> & {
  steps?: Omit<Step, 'detail'>[];
  sources?: Source[];
  files?: AnswerFile[];
  suggestions?: string[];
};

export class SharedMessageDto {
  id!: number;
  /** Position in the conversation, from 1 */
  message_id!: number;
  @ApiProperty({ enum: ['USER', 'ASSISTANT'] }) role!: string;
  /** The question, without inputs of apps; empty for answers */
  prompt!: string;
  @ApiProperty({ enum: SUBTASK_STATUSES }) status!: string;
  @ApiSchema(SHARED_RESULT) result!: SharedResult | null;
  error_message!: string | null;
  created_at!: string;
  completed_at!: string | null;
  /** The results of newer answers fill the reply */
  @ApiPropertyOptional({ type: 'boolean', enum: [true] }) result_omitted?: true;
}

export class SharedTaskDto {
  title!: string;
  @ApiProperty({ enum: TASK_STATUSES }) status!: TaskStatus;
  team_name!: string | null;
  created_at!: string;
  updated_at!: string;
  /** The newest 100 messages, in order, with results of up to 8 MiB together */
  @ApiProperty({ type: [SharedMessageDto] }) messages!: SharedMessageDto[];
  @ApiProperty({ enum: ACCESSES }) access!: LinkAccess;
  /** When the link expires */
  expires_at!: string;
}

/** Shows of a task what its conversation needs. */
export function toSharedTask(
  { title, status, team, created_at, updated_at, subtasks }: TaskDetailDto,
  { access, expiresAt }: { access: LinkAccess; expiresAt: number },
): SharedTaskDto {
  return {
    ...{ title, status, created_at, updated_at, access },
    team_name: team?.name ?? null,
    messages: subtasks.map(toSharedMessage),
    expires_at: new Date(expiresAt * 1000).toISOString(),
  };
}

function toSharedMessage(subtask: SubtaskDto): SharedMessageDto {
  const { id, message_id, role, prompt, status, result, error_message, created_at, completed_at } = subtask;

  return {
    ...{ id, message_id, role, status, error_message, created_at, completed_at },
    prompt: withoutParams(prompt),
    result: result && toSharedResult(result),
    ...(subtask.result_omitted && { result_omitted: subtask.result_omitted }),
  };
}

/** Executors may send anything beside the text: what is no list is left out. */
function toSharedResult(result: SubtaskResult): SharedResult {
  const { value, reasoning } = result;
  const { steps, sources, files, suggestions } = result as Partial<Extras>;

  return {
    value,
    ...(typeof reasoning === 'string' && { reasoning }),
    ...(Array.isArray(steps) && { steps: steps.map(withoutDetails) }),
    ...(Array.isArray(sources) && { sources }),
    ...(Array.isArray(files) && { files }),
    ...(Array.isArray(suggestions) && { suggestions }),
  };
}
