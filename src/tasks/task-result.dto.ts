/** The results of answers as Swagger shows them. Executors may add fields of their own. */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { AnswerFile, Source, Step, StepKind, StepStatus, Usage } from '../common/chat-event.js';
import type { UsageSum } from './tasks.repository.js';

const COST_DIGITS = 10;

/** Token counts of an answer */
export class UsageDto implements Usage {
  /** Cached input included */
  input_tokens!: number;
  output_tokens!: number;
  total_tokens!: number;
  reasoning_tokens?: number;
  cached_tokens?: number;
  /** As the provider told it, else by the prices of the model */
  cost?: number;
  /** @example USD */
  currency?: string;
}

/** Token counts of all answers of a conversation that told any, retried ones included */
export class TaskUsageDto {
  input_tokens!: number;
  output_tokens!: number;
  total_tokens!: number;
  /** Sum of the known costs; left out when there are none, or several currencies */
  cost?: number;
  /** Left out when the provider told a cost without one */
  currency?: string;
}

export class ResultStepDto implements Step {
  step_id!: string;
  @ApiProperty({ enum: ['node', 'iteration', 'loop', 'thought', 'tool', 'log'] }) kind!: StepKind;
  title!: string;
  @ApiProperty({ enum: ['running', 'succeeded', 'failed', 'skipped', 'retrying', 'paused'] }) status!: StepStatus;
  node_type?: string;
  /** The step that it is a part of */
  parent_id?: string;
  index?: number;
  elapsed_ms?: number;
  tokens?: number;
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' } }) detail?: Record<string, string>;
  error?: string;
}

export class ResultSourceDto implements Source {
  title!: string;
  url?: string;
  content?: string;
  score?: number;
  document?: string;
  dataset?: string;
  position?: number;
}

export class ResultFileDto implements AnswerFile {
  id!: string;
  /** @example image */
  kind!: string;
  name?: string;
  mime_type?: string;
  url!: string;
}

/** Result of a subtask. Executors may add fields of their own */
export class SubtaskResultDto {
  /** The text of the answer */
  value!: string;
  reasoning?: string;
  /** What the provider told; of stopped and failed answers as far as it was known */
  usage?: UsageDto;
  /** Direct chats: name of the model or app that answered */
  model?: string;
  /** Direct chats: milliseconds from the start of the run to its end */
  elapsed_ms?: number;
  /** Direct chats: milliseconds from the start of the run to its first text; null without any */
  @ApiPropertyOptional({ type: 'integer', nullable: true }) first_token_ms?: number | null;
  @ApiPropertyOptional({ type: [ResultStepDto] }) steps?: ResultStepDto[];
  @ApiPropertyOptional({ type: [ResultSourceDto] }) sources?: ResultSourceDto[];
  @ApiPropertyOptional({ type: [ResultFileDto] }) files?: ResultFileDto[];
  @ApiPropertyOptional({ type: [String] }) suggestions?: string[];
  /** Dify: the message to rate */
  message_id?: string;
}

/** Adds up token counts. A cost is the sum of those of one currency. */
export function toTaskUsage(sums: readonly UsageSum[]): TaskUsageDto | null {
  if (sums.length === 0) return null;
  const sum = (count: 'input' | 'output' | 'total') => Math.round(sums.reduce((so, { [count]: one }) => so + one, 0));
  const costs = sums.filter(({ cost }) => cost !== null);
  const { cost = null, currency = null } = costs.length === 1 ? (costs[0] ?? {}) : {};

  return {
    ...{ input_tokens: sum('input'), output_tokens: sum('output'), total_tokens: sum('total') },
    ...(cost !== null && { cost: Number(cost.toFixed(COST_DIGITS)) }),
    ...(cost !== null && currency !== null && { currency }),
  };
}
