// The cases of the Dify simulator, in the groups in which they differ from a plain answer. README.md describes them.
import { randomUUID } from 'node:crypto';
import type { Json } from '../../shared/json.js';
import { ScriptError } from '../../shared/script-pairs.js';
import {
  type Answer,
  answerOf,
  beatsOf,
  callUsage,
  type DifyCall,
  outputsOf,
  textOf,
  workflowFinished,
} from './dify-answers.js';
import { isFlow } from './dify-apps.js';
import { DIFY_ERRORS, DIFY_PAGES } from './dify-errors.js';
import { fileEvents, filesOf } from './dify-files.js';
import { pausing, plainPause } from './dify-human.js';
import { DifyNodes } from './dify-nodes.js';
import type { Delivery } from './dify-reader.js';
import type { DifyRun, RunStatus } from './runs/dify-run.js';
import type { DifyState } from './runs/dify-state.js';
import { type Act, type Beat, DIFY_PING, type DifyWire, frame } from './dify-wire.js';
import { cutCharacters, cutSmall } from '../plan.js';

/** Everything about the run that a case decides. */
export interface CasePlan {
  beats: Beat[];
  status: RunStatus;
  /** Called once the run exists. */
  open?: (run: DifyRun) => void;
}

const SOURCES: readonly Json[] = [1, 2].map((position) => ({
  position,
  dataset_id: '6a1f7a56-6a0c-4f0f-8b7e-2a1f1a1c0001',
  dataset_name: 'City guides',
  document_id: `6a1f7a56-6a0c-4f0f-8b7e-2a1f1a1c100${position}`,
  document_name: `graz-${position}.md`,
  data_source_type: 'upload_file',
  segment_id: randomUUID(),
  retriever_from: 'api',
  score: 0.9 - position / 10,
  hit_count: 3,
  word_count: 120,
  segment_position: position,
  index_node_hash: null,
  content: `Passage ${position} about Graz.`,
  page: null,
  doc_metadata: null,
  title: null,
  files: null,
  summary: null,
}));

/** What a case puts in front of the model's node. */
const MIDDLES: Record<string, (nodes: DifyNodes) => Beat[]> = {
  retries: (nodes) => nodes.retried({ nodeId: 'http', type: 'http-request', title: 'Fetch' }, 2),
  iteration: (nodes) => nodes.rounds('iteration', 3),
  loop: (nodes) => nodes.rounds('loop', 3),
  'agent-node': (nodes) => nodes.agent(),
  parallel: (nodes) => nodes.branches(),
  partial: (nodes) =>
    nodes.run({ nodeId: 'http', type: 'http-request', title: 'Fetch', status: 'exception', error: 'HTTP 500' }),
};

/** `workflow_finished` for apps that have it. */
function flowEnd(call: DifyCall, status: RunStatus, outputs: Json | null, more?: Json): Beat[] {
  return isFlow(call.app.mode) ? [workflowFinished(call, status, outputs, more)] : [];
}

/** Another `message_end`, for apps that have one. */
function withEnd(call: DifyCall, answer: Answer, end: Parameters<DifyWire['messageEnd']>[0]): Answer {
  const wire = call.wire.messageEnd(end);
  return { ...answer, messageEnd: answer.messageEnd.map(() => ({ wire })) };
}

/** Text first, then something that ends it badly. */
function breakOff(answer: Answer, after: number, wire: string, act?: Act): Beat[] {
  const last: Beat[] = wire === '' && !act ? [] : [{ wire, act }];
  return [...answer.lead, ...answer.text.slice(0, after), ...last];
}

function failed(call: DifyCall, answer: Answer): Answer {
  const error = 'Node LLM run failed: [openai] Server error';
  const said = call.app.mode === 'workflow' ? [] : [{ wire: call.wire.error('completion_request_error', error) }];
  const text = answer.text.slice(0, call.script.after);
  const end = [...flowEnd(call, 'failed', null, { error }), ...said];
  return { ...answer, text, close: [], messageEnd: [], flowEnd: end, status: 'failed' };
}

function replaced(call: DifyCall, answer: Answer): Answer {
  const text = 'This text was replaced.';
  const event =
    call.app.mode === 'workflow'
      ? call.wire.flow('text_replace', { text })
      : call.wire.event('message_replace', { answer: text, reason: 'output_moderation' });
  const end = flowEnd(call, 'succeeded', outputsOf(call, text));
  // The closing message of a new agent would bring the old text again.
  const close = call.app.mode === 'agent' ? [] : answer.close;
  return { ...answer, text: [...answer.text, { wire: event, whole: text }], close, flowEnd: end };
}

function withOutputs(outputs: (text: string) => Json | null) {
  return (call: DifyCall, answer: Answer): Answer => ({
    ...answer,
    text: [],
    flowEnd: flowEnd(call, 'succeeded', outputs(textOf(call))),
  });
}

function reasoned(call: DifyCall, answer: Answer): Answer {
  const { wire } = call;
  const piece = (reasoning: string, last: boolean): Beat => {
    const data = { message_id: wire.ids.messageId, reasoning, node_id: 'llm', is_final: last };
    return {
      wire: isFlow(call.app.mode) ? wire.flow('reasoning_chunk', data) : wire.event('reasoning_chunk', { data }),
    };
  };
  const count = call.script.reasoning ?? 8;
  const pieces = Array.from({ length: count }, (_, i) => piece(`r${i} `.padEnd(call.script.size), false));
  return { ...answer, lead: [...answer.lead, ...pieces, piece('', true)] };
}

function huge(call: DifyCall, answer: Answer): Answer {
  const nodes = new DifyNodes(call.wire, 0);
  const outputs = { result: 'x'.repeat(9 * 1024 * 1024) };
  return { ...answer, lead: [...answer.lead, ...nodes.run({ nodeId: 'big', type: 'code', title: 'Big', outputs })] };
}

/** Cases that change parts of the answer. */
const ANSWERS: Record<string, (call: DifyCall, answer: Answer) => Answer> = {
  empty: (call, answer) => ({
    ...answer,
    text: [],
    flowEnd: flowEnd(call, 'succeeded', outputsOf(call, '')),
  }),
  failed,
  partial: (call, answer) => ({
    ...answer,
    flowEnd: flowEnd(call, 'partial-succeeded', outputsOf(call, textOf(call))),
    status: 'partial-succeeded',
  }),
  stopped: (call, answer) => ({
    ...answer,
    text: answer.text.slice(0, call.script.after),
    close: [],
    flowEnd: flowEnd(call, 'stopped', null, { error: 'Stopped by user.' }),
    status: 'stopped',
  }),
  replace: replaced,
  reasoning: reasoned,
  sources: (call, answer) => withEnd(call, answer, { usage: callUsage(call), sources: SOURCES }),
  files: (call, answer) => {
    const files = filesOf(call);
    const outputs = { ...outputsOf(call, textOf(call)), report: files[0] };
    return {
      ...withEnd(call, answer, { usage: callUsage(call), files }),
      close: [...answer.close, ...fileEvents(call)],
      flowEnd: flowEnd(call, 'succeeded', outputs, { files }),
    };
  },
  'no-usage': (call, answer) => withEnd(call, answer, {}),
  'end-swapped': (_call, answer) => ({ ...answer, messageEnd: answer.flowEnd, flowEnd: answer.messageEnd }),
  'no-message-end': (_call, answer) => ({ ...answer, messageEnd: [] }),
  'no-flow-end': (_call, answer) => ({ ...answer, flowEnd: [] }),
  'no-end': (_call, answer) => ({ ...answer, messageEnd: [], flowEnd: [] }),
  'late-eof': (_call, answer) => ({ ...answer, flowEnd: [...answer.flowEnd, { wire: '', wait: 60_000 }] }),
  tts: (call, answer) => {
    const audio = (name: string, data: string): Beat => ({ wire: call.wire.event(name, { audio: data }) });
    const trail = [audio('tts_message', 'SUQzBAAAAAAAI1RTU0UAAAA='), audio('tts_message_end', '')];
    return { ...answer, flowEnd: [...answer.flowEnd, ...trail] };
  },
  'outputs-only': withOutputs((text) => ({ text })),
  'outputs-single': withOutputs((text) => ({ summary: text })),
  'outputs-json': withOutputs((text) => ({ headline: text, score: 3 })),
  'outputs-null': withOutputs(() => null),
  'huge-line': huge,
};

/** Cases that break the stream. */
const BREAKS: Record<string, (call: DifyCall, answer: Answer) => Beat[]> = {
  'error-first': ({ wire }) => [{ wire: wire.error('provider_quota_exceeded', 'Your quota has been exhausted.') }],
  'error-after-text': ({ wire, script }, answer) =>
    breakOff(answer, script.after, wire.error('completion_request_error', '[openai] Server error')),
  eof: ({ script }, answer) => breakAndGoOn(answer, script.after, 'eof'),
  disconnect: ({ script }, answer) => breakAndGoOn(answer, script.after, 'drop'),
  'lost-run': ({ script }, answer) => breakOff(answer, script.after, '', 'lose'),
  'dead-run': ({ script }, answer) => [...breakOff(answer, script.after, '', 'eof'), { wire: '', act: 'hang' }],
  'hang-after-delta': ({ script }, answer) => breakOff(answer, script.after, '', 'hang'),
  'hang-before-text': (_call, answer) => [...answer.lead, { wire: '', act: 'hang' }],
  'only-pings': () => [{ wire: DIFY_PING, act: 'hang' }],
};

/** The connection breaks; the run does not notice. */
function breakAndGoOn(answer: Answer, after: number, act: Act): Beat[] {
  const beats = beatsOf(answer);
  const at = answer.lead.length + Math.min(after, answer.text.length);
  return [...beats.slice(0, at), { wire: '', act }, ...beats.slice(at)];
}

const UNKNOWN = frame({ event: 'aurora_event', data: { hint: 'of a later version' } });

const escaped = (text: string): string =>
  text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Cases that change how the bytes go out. */
const DELIVERIES: Record<string, Delivery> = {
  'utf8-split': { cut: cutCharacters },
  'one-over-many': { cut: cutSmall },
  'many-in-one': {},
  crlf: { shape: (events) => events.replaceAll('\n', '\r\n') },
  'no-space': { shape: (events) => events.replace(/^data: /gm, 'data:') },
  pings: { shape: (events) => events.replace(/^data: /gm, `${DIFY_PING}data: `) },
  'unknown-events': { shape: (events) => events.replace(/^data: /gm, () => `${UNKNOWN}data: `) },
  escaped: { shape: escaped },
};

const PAUSES = ['human-input', 'human-input-bare', 'human-input-mail', 'human-input-deaf', 'paused'];
/** Cases of the stop endpoint and of what a stop does. */
const STOPS = ['stop-ignored', 'stop-silent', 'stop-fails', 'stop-fails-once'];
const OTHERS = ['happy', 'slow', 'hang-before-headers', 'json-reply', 'no-snapshot', 'no-conversation'];

/** Every case, by name. */
export const DIFY_CASES: readonly string[] = [
  ...OTHERS,
  ...STOPS,
  ...PAUSES,
  ...[DIFY_ERRORS, DIFY_PAGES, MIDDLES, ANSWERS, BREAKS, DELIVERIES].flatMap((table) => Object.keys(table)),
];

/** How the bytes of a script go out. */
export function deliveryOf(name: string, old: boolean): Delivery {
  return DELIVERIES[name] ?? (old ? { shape: escaped } : {});
}

/** Lays a run out as the case of its script says. @throws ScriptError when the app cannot do so */
export function planCase(state: DifyState, call: DifyCall): CasePlan {
  const name = call.script.case;
  const flow = isFlow(call.app.mode);
  if (!flow && (PAUSES.includes(name) || MIDDLES[name])) {
    throw new ScriptError(`sim: the case '${name}' needs a workflow or chatflow.`);
  }
  const nodes = new DifyNodes(call.wire, call.script.nodeMs);
  if (name === 'paused') return { beats: plainPause(call, nodes), status: 'succeeded' };
  if (PAUSES.includes(name)) return { ...pausing(state, call, nodes), status: 'succeeded' };
  const plain = answerOf(call, nodes, MIDDLES[name]);
  const answer = ANSWERS[name]?.(call, plain) ?? plain;
  const beats = BREAKS[name]?.(call, answer) ?? beatsOf(answer);
  return { beats, status: name.startsWith('error') ? 'failed' : answer.status };
}
