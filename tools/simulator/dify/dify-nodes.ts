// Workflow events: nodes, and what happens within them.
import { randomUUID } from 'node:crypto';
import type { Json } from '../../shared/json.js';
import { type Beat, type DifyWire, nowSeconds } from './dify-wire.js';

/** One execution of a node. */
export interface NodeRun {
  nodeId: string;
  type: string;
  title: string;
  inputs?: Json | null;
  outputs?: Json | null;
  tokens?: number;
  /** Iteration or loop that it runs in. */
  within?: Json;
  error?: string;
  status?: string;
}

/** Writes the events of a workflow's nodes, in their order. */
export class DifyNodes {
  private index = 0;
  private last: string | null = null;

  constructor(
    private readonly wire: DifyWire,
    /** Milliseconds that a node takes. */
    private readonly ms: number,
  ) {}

  get count(): number {
    return this.index;
  }

  /** A node from its start to its end, and what happens between. */
  run(node: NodeRun, between: readonly Beat[] = []): Beat[] {
    const { started, finished } = this.pair(node);
    return [started, ...between, finished];
  }

  /** The start and the end of a node, for others to put something between. */
  pair(node: NodeRun): { started: Beat; finished: Beat; data: Json } {
    this.index += 1;
    const data: Json = {
      id: randomUUID(),
      node_id: node.nodeId,
      node_type: node.type,
      title: node.title,
      index: this.index,
      predecessor_node_id: this.last,
      created_at: nowSeconds(),
      extras: {},
      iteration_id: null,
      loop_id: null,
      agent_strategy: null,
      ...node.within,
    };
    this.last = node.nodeId;
    const end: Json = { status: node.status ?? 'succeeded', error: node.error ?? null, elapsed_time: this.ms / 1000 };
    const bare = { ...data, inputs: null, inputs_truncated: false };
    return {
      data,
      started: {
        wire: this.wire.flow('node_started', { ...data, inputs: node.inputs ?? null, inputs_truncated: false }),
        snapshot: this.wire.flow('node_started', bare),
      },
      finished: {
        wire: this.wire.flow('node_finished', { ...data, ...this.endOf(node), ...end }),
        snapshot: this.wire.flow('node_finished', { ...bare, ...end, outputs: null, execution_metadata: {} }),
        wait: this.ms,
      },
    };
  }

  private endOf(node: NodeRun): Json {
    return {
      inputs: node.inputs ?? null,
      inputs_truncated: false,
      process_data: null,
      process_data_truncated: false,
      outputs: node.outputs ?? null,
      outputs_truncated: false,
      execution_metadata: node.tokens
        ? { total_tokens: node.tokens, total_price: (node.tokens * 0.000002).toFixed(7), currency: 'USD' }
        : {},
      finished_at: nowSeconds(),
      files: [],
    };
  }

  /** A node whose first tries fail. */
  retried(node: NodeRun, retries: number): Beat[] {
    const { started, finished, data } = this.pair(node);
    const failure = { status: 'retry', error: 'Connection refused', elapsed_time: this.ms / 1000, outputs: null };
    const tries = Array.from({ length: retries }, (_, i): Beat => {
      const again = { ...data, ...this.endOf(node), ...failure, retry_index: i + 1 };
      return { wire: this.wire.flow('node_retry', again), wait: this.ms };
    });
    return [started, ...tries, finished];
  }

  /** An iteration or a loop with one node in each round. */
  rounds(kind: 'iteration' | 'loop', rounds: number): Beat[] {
    const nodeId = `${kind}-1`;
    const title = kind === 'iteration' ? 'For each city' : 'Until good enough';
    const id = randomUUID();
    const facts: Json = { id, node_id: nodeId, node_type: kind, title, created_at: nowSeconds(), extras: {} };
    const named = (event: string, more: Json): string => this.wire.flow(`${kind}_${event}`, { ...facts, ...more });
    this.index += 1;
    const size = kind === 'iteration' ? { iterator_length: rounds } : { loop_length: rounds };
    const beats: Beat[] = [{ wire: named('started', { metadata: size, inputs: {}, inputs_truncated: false }) }];
    for (let round = 0; round < rounds; round += 1) {
      const passed = kind === 'loop' ? { pre_loop_output: round === 0 ? null : { round } } : {};
      if (round > 0) beats.push({ wire: named('next', { index: round, ...passed }) });
      const within = kind === 'iteration' ? { iteration_id: nodeId } : { loop_id: nodeId };
      const outputs = { round };
      beats.push(...this.run({ nodeId: `${kind}-code`, type: 'code', title: 'One round', outputs, within }));
    }
    const end: Json = { outputs: { output: rounds }, inputs: {}, status: 'succeeded', error: null, steps: rounds };
    const cost = { elapsed_time: (this.ms * rounds) / 1000, total_tokens: 0, execution_metadata: { total_tokens: 0 } };
    return [...beats, { wire: named('completed', { ...end, ...cost, finished_at: nowSeconds() }) }];
  }

  /** A node with an agent that logs what it does; entries are sent again as they fill. */
  agent(): Beat[] {
    const { started, finished, data } = this.pair({ nodeId: 'agent', type: 'agent', title: 'Agent' });
    const log = (id: string, label: string, parent: string | null, status: string, more: Json = {}): Beat => {
      const entry = { node_execution_id: data['id'], id, label, parent_id: parent, error: null, status };
      return { wire: this.wire.flow('agent_log', { ...entry, data: more, metadata: {}, node_id: 'agent' }) };
    };
    const [round, call] = [randomUUID(), randomUUID()];
    return [
      started,
      log(round, 'ROUND 1', null, 'start'),
      log(call, 'CALL web_search', round, 'start', { tool_name: 'web_search', tool_call_args: { query: 'Graz' } }),
      log(call, 'CALL web_search', round, 'success', { output: 'A city on the Mur.' }),
      log(round, 'ROUND 1', null, 'success', { output: 'done' }),
      finished,
    ];
  }

  /** Two branches at once, as servers before 1.12 sent it. */
  branches(): Beat[] {
    const parallel = { parallel_id: randomUUID(), parent_parallel_id: null, parent_parallel_start_node_id: null };
    const names = ['left', 'right'];
    const branch = (event: string, name: string, more: Json = {}): Beat => {
      const data = { ...parallel, parallel_branch_id: name, iteration_id: null, loop_id: null, ...more };
      return { wire: this.wire.flow(`parallel_branch_${event}`, { ...data, created_at: nowSeconds() }) };
    };
    const pairs = names.map((name) => this.pair({ nodeId: name, type: 'code', title: `The ${name} branch` }));
    return [
      ...names.map((name) => branch('started', name)),
      ...pairs.map(({ started }) => started),
      ...pairs.map(({ finished }) => finished),
      ...names.map((name) => branch('finished', name, { status: 'succeeded', error: null })),
    ];
  }
}
