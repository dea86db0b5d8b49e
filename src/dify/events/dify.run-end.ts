/** How the run of an app ended, as far as it has told. */
import { AppError } from '../../common/app-error.js';
import type { FinishReason, StepStatus, Usage } from '../../common/chat-event.js';
import { asNumber, asObject, asText, type JsonObject } from '../../common/json.js';
import { DifyError, type DifySource, errorFromEvent } from '../client/dify.errors.js';
import { addUsage, textOfOutputs, usageOf } from './map-outputs.js';

/** Gathers what comes of an end, in pieces and in any order. */
export class RunEnd {
  /** `message_end` has come. */
  hasMessage = false;
  private flow: JsonObject | null = null;
  private messageUsage: Usage | undefined;
  private nodeUsage: Usage | undefined;

  constructor(private readonly source: DifySource) {}

  /** `workflow_finished` has come, or its like. */
  get hasFlow(): boolean {
    return this.flow !== null;
  }

  /** What the app counted; a workflow may tell its sum only, the parts stay 0 then. */
  get usage(): Usage | undefined {
    const total = asNumber(this.flow?.['total_tokens']) ?? 0;
    const sum = total > 0 ? { input_tokens: 0, output_tokens: 0, total_tokens: total } : undefined;

    return this.messageUsage ?? this.nodeUsage ?? sum;
  }

  /** The answer in the outputs; null when there is none. */
  get text(): string | null {
    return textOfOutputs(this.flow?.['outputs']);
  }

  message(usage: unknown): void {
    this.hasMessage = true;
    this.messageUsage = usageOf(usage);
  }

  /** A node has ended, and may tell what its model used. */
  node(part: JsonObject): void {
    const usage = usageOf(asObject(part['process_data'])?.['usage'] ?? asObject(part['outputs'])?.['usage']);
    if (usage) this.nodeUsage = addUsage(this.nodeUsage, usage);
  }

  workflow(part: JsonObject): void {
    this.flow = part;
  }

  /** How those of its steps ended of which no end was heard; Dify calls steps of a stopped run `stopped`. */
  get stepStatus(): StepStatus {
    const status = this.flow?.['status'];

    return status === 'failed' ? 'failed' : status === 'stopped' ? 'skipped' : 'succeeded';
  }

  /** @throws AppError when the run has failed, or was stopped by others */
  reason(): FinishReason {
    switch (this.flow?.['status']) {
      case 'failed':
        throw this.failure(asText(this.flow['error']) ?? 'the run failed');
      case 'stopped':
        throw new AppError('provider_truncated', `The run was stopped at ${this.source.host}`, { retryable: true });
      case 'partial-succeeded':
        return 'partial';
      default:
        return 'stop';
    }
  }

  /** A run fails for what one of its nodes said, which is mostly its model. */
  private failure(message: string): AppError {
    const said = errorFromEvent({ code: 'completion_request_error', message, status: 500 }, this.source);

    return new DifyError(said.code, said.message, undefined, { retryable: said.retryable });
  }
}
