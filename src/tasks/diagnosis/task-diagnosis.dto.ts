import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import type { TaskStatus } from '../../infra/database/schema/schema.js';
import type { Findings, NextAction } from './findings.js';
import { type Hint, type HintCode, HINTS, type HintValues, textOf } from './hints.js';

/** Written out: a reference cannot be nullable in the document. */
const QUEUE_PLACE: ApiPropertyOptions = {
  type: 'object',
  nullable: true,
  required: ['name', 'state', 'position'],
  properties: {
    name: { type: 'string', example: 'chat-runs' },
    state: { type: 'string', example: 'waiting' },
    position: { type: 'integer', minimum: 1, nullable: true, description: '1 = next' },
  },
};

const UPSTREAM: ApiPropertyOptions = {
  type: 'object',
  nullable: true,
  required: ['kind', 'id'],
  properties: {
    kind: { type: 'string', example: 'model' },
    id: { type: 'string', example: 'demo-claude' },
  },
  description: 'What its owner waits for',
};

/** The values of a sentence. Each code has the same ones always. */
export class ReasonParamsDto implements Partial<HintValues> {
  status?: string;

  /** Words of a provider, of an executor, or of this server */
  reason?: string;

  /** @example 5 */
  task_id?: number;

  /** Process (host:pid) or executor */
  owner?: string;

  /** How many are before it in its queue */
  ahead?: number;

  /** How many run at a time */
  limit?: number;

  attempt?: number;

  max_attempts?: number;

  attempts_left?: number;

  /** Of the forms that wait; ` or ` between them */
  form_tokens?: string;

  /** What an executor manager does before the executor works, in its own words */
  stage?: string;

  /** How long it has been so */
  since_seconds?: number;

  /** In how long something happens, at the latest */
  within_seconds?: number;
}

/** A sentence about a task, for people by its text and for programs by its code. */
export class ReasonDto {
  /** Later versions may have more codes: show the text then */
  @ApiProperty({ enum: Object.keys(HINTS), example: 'queued_behind' })
  code!: HintCode;

  params!: ReasonParamsDto;

  /** In English @example It waits for a free place: 2 before it, 50 run at a time */
  text!: string;
}

/** Where a task is, who has it, and what it waits for. */
export class TaskDiagnosisDto {
  status!: TaskStatus;

  /** When it was last heard of */
  @ApiProperty({ type: String, format: 'date-time' })
  last_event_at!: string | null;

  /** Process (host:pid) or executor that has it */
  owner!: string | null;

  /** Its owner counts as lost after it */
  @ApiProperty({ type: String, format: 'date-time' })
  lease_expires_at!: string | null;

  @ApiProperty(QUEUE_PLACE)
  queue!: Findings['queue'];

  @ApiProperty(UPSTREAM)
  upstream!: Findings['upstream'];

  /**
   * none: it has ended; wait: it goes on by itself; start_answer: nobody has asked for it; check_executors: no executor
   * has taken it; answer_input: a person has to answer; retry: it failed and can be tried again
   */
  next_action!: NextAction;

  /** Sentences for people, the most important one first: the texts of `reasons` */
  hints!: string[];

  /** The same sentences with codes and values, from which clients make sentences of their own */
  reasons!: ReasonDto[];
}

export function toDiagnosisDto(status: TaskStatus, findings: Findings): TaskDiagnosisDto {
  const reasons = findings.hints.map(toReasonDto);

  return {
    status,
    last_event_at: findings.lastEventAt?.toISOString() ?? null,
    owner: findings.owner,
    lease_expires_at: findings.leaseExpiresAt?.toISOString() ?? null,
    queue: findings.queue,
    upstream: findings.upstream,
    next_action: findings.nextAction,
    hints: reasons.map(({ text }) => text),
    reasons,
  };
}

const toReasonDto = (hint: Hint): ReasonDto => ({ ...hint, text: textOf(hint) });
