// The events of Dify: one `data:` line each, the ids of the run in every one of them.
import { randomUUID } from 'node:crypto';
import type { Json } from '../../shared/json.js';
import type { DifyMode } from './dify-apps.js';
import { isChat } from './dify-apps.js';

export const DIFY_PING = 'event: ping\n\n';

/** The ids of one run. */
export interface DifyIds {
  taskId: string;
  messageId: string;
  conversationId: string;
  runId: string;
  workflowId: string;
  /** Seconds since the epoch. */
  createdAt: number;
}

/** What befalls the connection, or the run, after an event. */
export type Act =
  /** The sockets of all readers are destroyed; the run goes on. */
  | 'drop'
  /** The streams of all readers end; the run goes on. */
  | 'eof'
  /** Nothing more comes, and the run neither ends nor goes on. */
  | 'hang'
  /** The run is gone, as if its worker had died and its rows were lost. */
  | 'lose'
  /** The run waits for a human; the streams end. */
  | 'pause';

/** One or more events that leave together, and what they change. */
export interface Beat {
  wire: string;
  /** Paced by the rate of the script, and counted. */
  token?: boolean;
  /** Text that the answer grows by. */
  delta?: string;
  /** Text that replaces the answer. */
  whole?: string;
  /** Milliseconds that pass before. */
  wait?: number;
  act?: Act;
  /** What a later reader hears of it when it asks for a snapshot. */
  snapshot?: string;
  /** The data of `workflow_finished`: what the run came to. */
  result?: Json;
}

/** One event. */
export function frame(event: Json): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}

/** Writes the events of one run. */
export class DifyWire {
  private readonly common: Json;

  constructor(
    readonly mode: DifyMode,
    readonly ids: DifyIds,
  ) {
    const { conversationId, messageId, createdAt, taskId } = ids;
    const message = { message_id: messageId, created_at: createdAt, task_id: taskId };
    if (mode === 'workflow') this.common = { workflow_run_id: ids.runId, task_id: taskId };
    else this.common = isChat(mode) ? { conversation_id: conversationId, ...message } : message;
  }

  event(event: string, own: Json = {}): string {
    return frame({ event, ...this.common, ...own });
  }

  /** An event of a workflow: its own fields are in `data`. */
  flow(event: string, data: Json): string {
    return frame({ event, ...this.common, workflow_run_id: this.ids.runId, data });
  }

  /** An error has no task id. */
  error(code: string, message: string, status = 400): string {
    const { task_id: _, ...common } = this.common;
    return frame({ event: 'error', ...common, code, status, message });
  }

  answer(name: 'message' | 'agent_message', delta: string): Beat {
    const selector = this.mode === 'advanced-chat' ? ['llm', 'text'] : null;
    const own: Json = { id: this.ids.messageId, answer: delta };
    if (name === 'message') own['from_variable_selector'] = selector;
    return { wire: this.event(name, own), token: true, delta };
  }

  chunk(delta: string): Beat {
    return {
      wire: this.flow('text_chunk', { text: delta, from_variable_selector: ['llm', 'text'] }),
      token: true,
      delta,
    };
  }

  /** The end of an answer, with what is known of it. */
  messageEnd(more: { usage?: Json; sources?: readonly Json[]; files?: readonly Json[] }): string {
    const metadata: Json = { retriever_resources: more.sources ?? [] };
    if (more.usage) metadata['usage'] = more.usage;
    return this.event('message_end', { id: this.ids.messageId, metadata, files: more.files ?? [] });
  }
}

/** New ids for a run, those of its conversation kept. */
export function newIds(conversationId: string): DifyIds {
  return {
    taskId: randomUUID(),
    messageId: randomUUID(),
    conversationId,
    runId: randomUUID(),
    workflowId: '5e0c1d3a-9a54-4c3c-9f55-0a3c6f1f7b11',
    createdAt: nowSeconds(),
  };
}

/** Whole seconds since the epoch, as Dify sends times. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Usage with prices, which Dify writes as texts. */
export function usageOf(promptTokens: number, answerTokens: number): Json {
  const price = (tokens: number, unit: number): string => ((tokens * unit) / 1000).toFixed(7);
  return {
    prompt_tokens: promptTokens,
    prompt_unit_price: '0.001',
    prompt_price_unit: '0.001',
    prompt_price: price(promptTokens, 0.001),
    completion_tokens: answerTokens,
    completion_unit_price: '0.002',
    completion_price_unit: '0.001',
    completion_price: price(answerTokens, 0.002),
    total_tokens: promptTokens + answerTokens,
    total_price: (promptTokens * 0.000001 + answerTokens * 0.000002).toFixed(7),
    currency: 'USD',
    latency: 0.42,
  };
}
