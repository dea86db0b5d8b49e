import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import type { TaskStatus } from '../../infra/database/schema/schema.js';
import type { Findings, NextAction } from './findings.js';

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

  /** Sentences for people, the most important one first */
  hints!: string[];
}

export function toDiagnosisDto(status: TaskStatus, findings: Findings): TaskDiagnosisDto {
  return {
    status,
    last_event_at: findings.lastEventAt?.toISOString() ?? null,
    owner: findings.owner,
    lease_expires_at: findings.leaseExpiresAt?.toISOString() ?? null,
    queue: findings.queue,
    upstream: findings.upstream,
    next_action: findings.nextAction,
    hints: findings.hints,
  };
}
