/** Maps nodes, iterations, thoughts, tools and logs of an app to steps. */
import type { Step, StepKind, StepStatus } from '../../common/contracts/chat-event.js';
import type { EventBatch } from '../../infra/provider-stream/event-batch.js';
import { asNumber, asObject, asText, type JsonObject, parseJson } from '../../common/text/json.js';
import { cut, truncateDetail } from '../../common/text/detail.js';

const STATUS = new Map<string, StepStatus>([
  ['running', 'running'],
  ['start', 'running'],
  ['succeeded', 'succeeded'],
  ['success', 'succeeded'],
  ['failed', 'failed'],
  ['error', 'failed'],
  // It failed, and the app used its default.
  ['exception', 'failed'],
  ['retry', 'retrying'],
  ['stopped', 'skipped'],
  ['paused', 'paused'],
]);
/** Steps that are remembered for a rejoin; a loop may have any number. */
const MAX_EMITTED = 500;
const ROUNDS = /^(iteration|loop)_(started|next|completed)$/;

/** The steps of one answer. Stateful: parts name the whole that they belong to by the id of its node. */
export class DifySteps {
  /** Id of a node -> its newest step. */
  private readonly byNode = new Map<string, string>();
  /** Steps without an end so far. */
  private readonly open = new Map<string, Step>();
  /** The newest version of the steps that were shown before a rejoin: a replay has less detail. */
  private shown = new Map<string, Step>();
  /** The newest version of the steps that were emitted here. */
  private readonly emitted = new Map<string, Step>();

  /** Continues after a rejoin. @param shown the steps that clients have seen */
  rejoin(shown: readonly Step[]): void {
    this.shown = new Map([...shown.map((step) => [step.step_id, step] as const), ...this.emitted]);
    for (const step of this.shown.values()) this.watch(step);
  }

  /** Reads an event about steps. @returns false for any other event */
  push(type: string, data: JsonObject, batch: EventBatch): boolean {
    const part = asObject(data['data']) ?? {};
    const rounds = ROUNDS.exec(type);
    if (rounds) this.onRounds(rounds[1] === 'loop' ? 'loop' : 'iteration', rounds[2] ?? '', part, batch);
    else if (type === 'node_started' || type === 'node_finished' || type === 'node_retry')
      this.onNode(type, part, batch);
    else if (type === 'agent_log') this.onLog(part, batch);
    else if (type === 'agent_thought') this.onThought(data, batch);
    else return false;

    return true;
  }

  /** Emits the step of a form: its node waits for a person, or has its answer. */
  form(data: JsonObject, status: StepStatus, more: Partial<Step>, batch: EventBatch): string {
    const nodeId = asText(data['node_id']) ?? '';
    const parent = this.byNode.get(nodeId);
    const id = formStepId(nodeId);
    const before = this.shown.get(id);
    const title = asText(data['node_title']) ?? before?.title ?? 'Form';
    const about = { kind: 'node', title, status, node_type: 'human-input' } as const;
    this.emit({ ...before, step_id: id, ...about, ...(parent !== undefined && { parent_id: parent }), ...more }, batch);

    return id;
  }

  /** Ends all open steps with the status of the run: some ends are never sent, or were missed. */
  finish(status: StepStatus, batch: EventBatch): void {
    for (const step of [...this.open.values()]) if (step.status !== status) this.emit({ ...step, status }, batch);
  }

  private onNode(type: string, part: JsonObject, batch: EventBatch): void {
    const nodeId = asText(part['node_id']) ?? '';
    const id = `node:${asText(part['id']) ?? nodeId}`;
    const status = type === 'node_started' ? 'running' : type === 'node_retry' ? 'retrying' : statusOf(part);
    const nodeType = asText(part['node_type']);
    const index = asNumber(part[type === 'node_retry' ? 'retry_index' : 'index']);
    this.byNode.set(nodeId, id);
    this.emit(
      {
        step_id: id,
        kind: 'node',
        title: asText(part['title']) ?? nodeType ?? nodeId,
        status,
        ...(nodeType !== undefined && { node_type: nodeType }),
        ...this.parentOf(part),
        ...(index !== undefined && { index }),
        ...endOf(part),
        ...detail({ inputs: part['inputs'], outputs: part['outputs'] }),
      },
      batch,
    );
  }

  private onRounds(kind: 'iteration' | 'loop', phase: string, part: JsonObject, batch: EventBatch): void {
    const nodeId = asText(part['node_id']) ?? '';
    const id = `${kind}:${asText(part['id']) ?? nodeId}`;
    const index = asNumber(part['index']);
    this.byNode.set(nodeId, id);
    this.emit(
      {
        step_id: id,
        kind,
        title: asText(part['title']) ?? kind,
        status: phase === 'completed' ? statusOf(part) : 'running',
        ...this.parentOf(part),
        ...(index !== undefined && { index }),
        ...endOf(part),
        ...detail({ inputs: part['inputs'], outputs: part['outputs'] }),
      },
      batch,
    );
  }

  private onLog(part: JsonObject, batch: EventBatch): void {
    const parent = asText(part['parent_id']);
    const node = asText(part['node_execution_id']);
    const parentId = parent !== undefined ? `log:${parent}` : node !== undefined ? `node:${node}` : undefined;
    this.emit(
      {
        step_id: `log:${asText(part['id']) ?? ''}`,
        kind: 'log',
        title: asText(part['label']) ?? 'Log',
        status: statusOf(part),
        ...(parentId !== undefined && { parent_id: parentId }),
        ...endOf({ ...part, ...asObject(part['metadata']) }),
        ...detail({ data: part['data'] }),
      },
      batch,
    );
  }

  /** A thought is sent again each time it grows; its tools are steps of their own. */
  private onThought(data: JsonObject, batch: EventBatch): void {
    const id = `thought:${asText(data['id']) ?? ''}`;
    const thought = asText(data['thought']);
    const tools = (asText(data['tool']) ?? '').split(';').filter(Boolean);
    const observation = asText(data['observation']);
    const isOver = observation !== undefined || (thought !== undefined && tools.length === 0);
    const status = isOver ? 'succeeded' : 'running';
    const index = asNumber(data['position']);
    const about = { kind: 'thought', title: 'Thought', status } as const;
    const step: Step = { step_id: id, ...about, ...(index !== undefined && { index }), ...detail({ thought }) };
    this.emit(step, batch);
    for (const [place, tool] of tools.entries()) this.emit(toolStep(id, place, tool, data, status), batch);
  }

  private watch(step: Step): void {
    if (isOpen(step)) this.open.set(step.step_id, step);
    else this.open.delete(step.step_id);
  }

  private emit(step: Step, batch: EventBatch): void {
    const before = this.shown.get(step.step_id);
    if (before) {
      // A replay of what is over begins with its start.
      if (step.status === 'running' && !isOpen(before)) return;
      if (step.status === before.status && !step.detail) return;
    }
    const whole = { ...step, ...(before?.detail && !step.detail && { detail: before.detail }) };
    if (before) this.shown.set(whole.step_id, whole);
    this.watch(whole);
    this.emitted.set(whole.step_id, whole);
    const [oldest = ''] = this.emitted.size > MAX_EMITTED ? this.emitted.keys() : [];
    this.emitted.delete(oldest);
    batch.add({ type: 'step', ...whole });
  }

  private parentOf(part: JsonObject): Pick<Step, 'parent_id'> {
    const whole = asText(part['iteration_id']) ?? asText(part['loop_id']);
    const parent = whole === undefined ? undefined : this.byNode.get(whole);

    return parent === undefined ? {} : { parent_id: parent };
  }
}

/** Whether a step has no end so far. */
export function isOpen({ status }: Step): boolean {
  return status === 'running' || status === 'retrying' || status === 'paused';
}

/** The step that a form belongs to. */
export const formStepId = (nodeId: string): string => `form:${nodeId}`;

/** A step about the answer itself, which no event of Dify stands for. */
export function answerStep(id: string, title: string, kind: StepKind = 'log'): Step {
  return { step_id: `conch:${id}`, kind, title, status: 'succeeded' };
}

function toolStep(thoughtId: string, place: number, tool: string, data: JsonObject, status: StepStatus): Step {
  const labels = asObject(asObject(data['tool_labels'])?.[tool]) ?? {};

  return {
    step_id: `${thoughtId}:${place}`,
    kind: 'tool',
    title: asText(labels['en_US']) ?? asText(Object.values(labels)[0]) ?? tool,
    status,
    parent_id: thoughtId,
    ...detail({ tool, input: partOf(data['tool_input'], tool), observation: partOf(data['observation'], tool) }),
  };
}

/** Of several tools each one's part stands under its name, in JSON. */
function partOf(value: unknown, tool: string): unknown {
  const parsed = parseJson(asText(value) ?? '') ?? value;

  return asObject(parsed)?.[tool] ?? parsed;
}

function statusOf(part: JsonObject): StepStatus {
  return STATUS.get(asText(part['status']) ?? '') ?? 'running';
}

function endOf(part: JsonObject): Pick<Step, 'elapsed_ms' | 'tokens' | 'error'> {
  const seconds = asNumber(part['elapsed_time']);
  const tokens = asNumber(asObject(part['execution_metadata'])?.['total_tokens']) ?? asNumber(part['total_tokens']);
  const error = asText(part['error']);

  return {
    ...(seconds !== undefined && { elapsed_ms: Math.round(seconds * 1000) }),
    ...(tokens !== undefined && { tokens }),
    ...(error !== undefined && { error: cut(error) }),
  };
}

/** Texts of what is there and not empty. */
function detail(values: Record<string, unknown>): Pick<Step, 'detail'> {
  const given = Object.entries(values).filter(([, value]) => !isEmpty(value));
  if (given.length === 0) return {};

  return { detail: Object.fromEntries(given.map(([name, value]) => [name, truncateDetail(value)])) };
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;

  if (Array.isArray(value)) return value.length === 0;

  return typeof value === 'object' && Object.keys(value).length === 0;
}
