// The plain answer of each kind of app, before a case changes it.
import { randomUUID } from 'node:crypto';
import type { Json } from '../../shared/json.js';
import type { DifyApp } from './dify-apps.js';
import { type DifyNodes } from './dify-nodes.js';
import type { RunStatus } from './runs/dify-run.js';
import type { DifyScript } from './dify-script.js';
import { type Beat, type DifyWire, nowSeconds, usageOf } from './dify-wire.js';

/** What an answer is made of. */
export interface DifyCall {
  app: DifyApp;
  script: DifyScript;
  wire: DifyWire;
  user: string;
  query: string;
  inputs: Json;
  tokens: readonly string[];
}

/** The parts of an answer, which cases exchange. */
export interface Answer {
  /** Before the text. */
  lead: Beat[];
  text: Beat[];
  /** Between the text and the end. */
  close: Beat[];
  /** `message_end`, where the kind of app has one. */
  messageEnd: Beat[];
  /** `workflow_finished`, where it has one. */
  flowEnd: Beat[];
  status: RunStatus;
}

export const textOf = (call: DifyCall): string => call.tokens.join('');

/** Usage of the whole answer. */
export function callUsage({ query, tokens }: DifyCall): Json {
  return usageOf(Math.ceil(query.length / 4) + 12, tokens.length);
}

/** `workflow_finished`, whatever the status. */
export function workflowFinished(call: DifyCall, status: RunStatus, outputs: Json | null, more: Json = {}): Beat {
  const { wire } = call;
  const result: Json = {
    id: wire.ids.runId,
    workflow_id: wire.ids.workflowId,
    status,
    outputs,
    error: null,
    elapsed_time: 1.25,
    total_tokens: callUsage(call)['total_tokens'],
    total_steps: 3 + call.script.nodes,
    created_by: { id: randomUUID(), user: call.user },
    created_at: wire.ids.createdAt,
    finished_at: nowSeconds(),
    exceptions_count: status === 'partial-succeeded' ? 1 : 0,
    files: [],
    ...more,
  };
  return { wire: wire.flow('workflow_finished', result), result };
}

/** The name under which a run gives its text. */
export function outputsOf(call: DifyCall, text: string): Json {
  return call.app.mode === 'workflow' ? { text } : { answer: text };
}

function plainAnswer(call: DifyCall): Answer {
  const { wire, tokens } = call;
  return {
    lead: [],
    text: tokens.map((token) => wire.answer('message', token)),
    close: [],
    messageEnd: [{ wire: wire.messageEnd({ usage: callUsage(call) }) }],
    flowEnd: [],
    status: 'succeeded',
  };
}

function thought(wire: DifyWire, id: string, position: number, more: Json): Beat {
  const usual = { observation: '', tool: '', tool_labels: {}, tool_input: '', message_files: [] };
  return { wire: wire.event('agent_thought', { id, position, thought: '', ...usual, ...more }) };
}

function classicAgent(call: DifyCall): Answer {
  const { wire, tokens, query } = call;
  const [first, second] = [randomUUID(), randomUUID()];
  const use: Json = {
    thought: 'I should look this up.',
    tool: 'web_search',
    tool_labels: { web_search: { en_US: 'Web search' } },
    tool_input: JSON.stringify({ web_search: { query: query.slice(0, 80) } }),
  };
  const found = { ...use, observation: JSON.stringify({ web_search: 'Three pages found.' }) };
  return {
    ...plainAnswer(call),
    lead: [
      thought(wire, first, 1, {}),
      thought(wire, first, 1, use),
      { ...thought(wire, first, 1, found), wait: call.script.nodeMs },
      thought(wire, second, 2, {}),
    ],
    text: tokens.map((token) => wire.answer('agent_message', token)),
    close: [thought(wire, second, 2, { thought: textOf(call) })],
  };
}

function newAgent(call: DifyCall): Answer {
  const { wire, tokens } = call;
  const closing = wire.answer('message', textOf(call));
  return {
    ...plainAnswer(call),
    text: tokens.map((token) => wire.answer('agent_message', token)),
    close: [{ wire: closing.wire, whole: textOf(call) }],
  };
}

function started(call: DifyCall): Beat {
  const { ids } = call.wire;
  const data = { id: ids.runId, workflow_id: ids.workflowId, inputs: call.inputs, created_at: ids.createdAt };
  const event = call.wire.flow('workflow_started', { ...data, reason: 'initial' });
  return { wire: event, snapshot: event };
}

function moreNodes(call: DifyCall, nodes: DifyNodes): Beat[] {
  const { script } = call;
  return Array.from({ length: script.nodes }, (_, i) => {
    const result = i === 0 && script.nodeBytes > 0 ? 'x'.repeat(script.nodeBytes) : `step ${i}`;
    const node = {
      nodeId: `code-${i}`,
      type: 'code',
      title: script.titles[i] ?? `Step ${i}`,
      inputs: { i },
      outputs: { result },
    };
    return nodes.run(node);
  }).flat();
}

/** What comes before the model's node. */
export function flowLead(call: DifyCall, nodes: DifyNodes): Beat[] {
  const start = { nodeId: 'start', type: 'start', title: 'Start', inputs: call.inputs, outputs: call.inputs };
  return [started(call), ...nodes.run(start), ...moreNodes(call, nodes)];
}

/** A run of nodes around the text, from the model's node on; `lead` stands before. */
export function flowAnswer(call: DifyCall, nodes: DifyNodes, lead: readonly Beat[]): Answer {
  const { wire } = call;
  const chat = call.app.mode === 'advanced-chat';
  const text = textOf(call);
  const model = nodes.pair({
    ...{ nodeId: 'llm', type: 'llm', title: 'LLM', inputs: { query: call.query.slice(0, 200) } },
    ...{ outputs: { text, usage: callUsage(call) }, tokens: Number(callUsage(call)['total_tokens']) },
  });
  const last = chat ? { type: 'answer', title: 'Answer' } : { type: 'end', title: 'End' };
  const outputs = outputsOf(call, text);
  return {
    lead: [...lead, model.started],
    text: call.tokens.map((token) => (chat ? wire.answer('message', token) : wire.chunk(token))),
    close: [model.finished, ...nodes.run({ nodeId: last.type, ...last, outputs })],
    messageEnd: chat ? [{ wire: wire.messageEnd({ usage: callUsage(call) }) }] : [],
    flowEnd: [workflowFinished(call, 'succeeded', outputs)],
    status: 'succeeded',
  };
}

/** What an app answers when no case interferes; `middle` stands in front of a workflow's model. */
export function answerOf(call: DifyCall, nodes: DifyNodes, middle?: (nodes: DifyNodes) => Beat[]): Answer {
  switch (call.app.mode) {
    case 'agent-chat':
      return classicAgent(call);
    case 'agent':
      return newAgent(call);
    case 'advanced-chat':
    case 'workflow':
      return flowAnswer(call, nodes, [...flowLead(call, nodes), ...(middle?.(nodes) ?? [])]);
    default:
      return plainAnswer(call);
  }
}

/** All beats of an answer in their order. */
export function beatsOf(answer: Answer): Beat[] {
  return [...answer.lead, ...answer.text, ...answer.close, ...answer.messageEnd, ...answer.flowEnd];
}
