import type { Step } from '../../../common/contracts/chat-event.js';
import { cut, truncateDetail } from '../../../common/text/detail.js';
import { asNumber, asObject, asText, type JsonObject, parseObject } from '../../../common/text/json.js';
import type { LiveEvent } from '../../reporting/live-event.js';
import { MAX_DETAIL } from '../step-detail.js';

interface OpenCall {
  step: Step;
  startedAt: number;
}

/** Reads the lines of `agno_runner.py`. */
export class AgnoOutput {
  /** The run came to a good end. */
  isDone = false;
  error: { kind: string; message: string } | null = null;
  private readonly calls = new Map<string, OpenCall>();

  constructor(private readonly emit: (event: LiveEvent) => void) {}

  read(line: string): void {
    const json = parseObject(line);
    const text = asText(json?.['text']);
    switch (json?.['type']) {
      case 'content':
      case 'reasoning':
        if (text !== undefined) this.emit({ type: json['type'], content: text });
        break;
      case 'tool':
        this.readTool(json);
        break;
      case 'usage':
        this.emit({ type: 'usage', ...usageOf(json) });
        break;
      case 'error':
        this.error = { kind: asText(json['kind']) ?? '', message: asText(json['message']) ?? 'agno has failed' };
        break;
      case 'done':
        this.isDone = true;
        break;
      default:
      // Tools may print to stdout.
    }
  }

  private readTool(json: JsonObject): void {
    const id = asText(json['id']) ?? 'tool';
    const known = this.calls.get(id);
    const input = asObject(json['input']);
    if (input || !known) {
      const step = stepOf(id, json, input);
      this.calls.set(id, { step, startedAt: Date.now() });
      if (input) this.emit({ type: 'step', ...step });
      if (input) return;
    }
    const call = this.calls.get(id);
    if (!call) return;
    this.calls.delete(id);
    const [result, error] = [asText(json['result']), asText(json['error'])];
    this.emit({
      ...{ type: 'step', ...call.step, status: error === undefined ? 'succeeded' : 'failed' },
      elapsed_ms: Date.now() - call.startedAt,
      ...(result !== undefined && { detail: { ...call.step.detail, result: cut(result, MAX_DETAIL) } }),
      ...(error !== undefined && { error: cut(error, MAX_DETAIL) }),
    });
  }
}

function stepOf(id: string, json: JsonObject, input: JsonObject | undefined): Step {
  const name = asText(json['name']) ?? 'tool';
  const member = asText(json['parent']);

  return {
    ...{ step_id: id, kind: 'tool', title: member === undefined ? name : `${member}: ${name}`, status: 'running' },
    node_type: name,
    ...(input && Object.keys(input).length > 0 && { detail: { input: truncateDetail(input, MAX_DETAIL) } }),
  };
}

function usageOf(json: JsonObject) {
  const [input, output] = [asNumber(json['input']) ?? 0, asNumber(json['output']) ?? 0];

  return { input_tokens: input, output_tokens: output, total_tokens: asNumber(json['total']) ?? input + output };
}
