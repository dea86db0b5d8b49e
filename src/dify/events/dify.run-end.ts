/** How the run of an app ended. */
import { AppError } from '../../common/app-error.js';
import type { FinishReason, StepStatus, Usage } from '../../common/contracts/chat-event.js';
import { asNumber, asObject, asText, type JsonObject } from '../../common/text/json.js';
import { DifyError, type DifySource, errorFromEvent } from '../client/dify.errors.js';
import { addUsage, textOfOutputs, usageOf } from './map-outputs.js';

/** Collects the parts of a run's end, which come in any order. */
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

  /** What the app counted; where a workflow reports the total only, the parts are 0. */
  get usage(): Usage | undefined {
    const total = asNumber(this.flow?.['total_tokens']) ?? 0;
    const sum = total > 0 ? { input_tokens: 0, output_tokens: 0, total_tokens: total } : undefined;

    return this.messageUsage ?? this.nodeUsage ?? sum;
  }

  /** The answer in the outputs; null when there is none. */
  get text(): string | null {
    return textOfOutputs(this.flow?.['outputs']);
  }

  /** Reads `message_end`. */
  message(usage: unknown): void {
    this.hasMessage = true;
    this.messageUsage = usageOf(usage);
  }

  /** Reads the end of a node, which may contain the usage of its model. */
  node(part: JsonObject): void {
    const usage = usageOf(asObject(part['process_data'])?.['usage'] ?? asObject(part['outputs'])?.['usage']);
    if (usage) this.nodeUsage = addUsage(this.nodeUsage, usage);
  }

  /** Reads `workflow_finished`. */
  workflow(part: JsonObject): void {
    this.flow = part;
  }

  /** The status of steps without an end of their own; Dify calls steps of a stopped run `stopped`. */
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

  /** The error of a failed run, which is mostly that of a node's model. */
  private failure(message: string): AppError {
    const said = errorFromEvent({ code: 'completion_request_error', message, status: 500 }, this.source);

    return new DifyError(said.code, said.message, said.reason, { retryable: said.retryable });
  }
}
