/** Reads the event stream of one answer and proves that it is the expected one: every token once, in order. */
import type { Wire } from '../server.js';

interface StreamEvent {
  type: string;
  content?: string;
  task_id?: number;
  error?: string;
}

/** An event of a peer: of OpenAI, of Claude, or of the AI SDK. */
interface PeerEvent {
  type?: string;
  choices?: { delta?: { content?: string } }[];
  delta?: string | { text?: string };
  error?: unknown;
  errorText?: string;
}

/** Fed with the text of one response. */
export class AnswerCheck {
  /** Characters of the answer so far. */
  length = 0;
  taskId = 0;
  events = 0;
  /** Times that the whole text came in place of single events. */
  resyncs = 0;
  /** Whether a place in the queue was told. */
  wasQueued = false;
  /** The type of the last event. */
  last = '';
  /** The first thing that was wrong. */
  problem: string | null = null;
  private rest = '';
  private seq = 0;

  constructor(
    private readonly expected: string,
    private readonly wire: Wire = 'conch',
  ) {}

  feed(text: string): void {
    const input = this.rest + text;
    let start = 0;
    for (let end = input.indexOf('\n\n'); end >= 0; end = input.indexOf('\n\n', start)) {
      this.frame(input.slice(start, end));
      start = end + 2;
    }
    this.rest = input.slice(start);
  }

  /** The response has ended. */
  end(): void {
    if (this.length !== this.expected.length) {
      this.fail(`${this.length} of ${this.expected.length} characters, last event ${this.last}`);
    }
    if (this.rest !== '') this.fail('the last frame is cut off');
  }

  fail(problem: string): void {
    this.problem ??= problem;
  }

  private frame(frame: string): void {
    if (this.wire !== 'conch') {
      this.peerFrame(frame);
      return;
    }
    if (!frame.startsWith('id: ')) return;
    const line = frame.indexOf('\n');
    const id = frame.slice(4, line);
    const event = JSON.parse(frame.slice(line + 7)) as StreamEvent;
    this.number(Number(id.slice(id.lastIndexOf('-') + 1)), event.type === 'resync');
    this.events += 1;
    this.last = event.type;
    this.apply(event);
  }

  /** Peers number nothing: their text alone is checked. */
  private peerFrame(frame: string): void {
    const at = frame.startsWith('data: ') ? 6 : frame.indexOf('\ndata: ') + 7;
    if (at < 7 && !frame.startsWith('data: ')) return;
    if (frame.startsWith('[DONE]', at)) return;
    const event = JSON.parse(frame.slice(at)) as PeerEvent;
    this.events += 1;
    this.last = event.type ?? '';
    const problem = event.errorText ?? event.error;
    if (problem) this.fail(`event ${this.last}: ${JSON.stringify(problem)}`);
    this.append(peerText(event));
  }

  /** Without gap or repetition; only an event that stands for all before it may skip numbers. */
  private number(seq: number, standsForAll: boolean): void {
    if (seq !== this.seq + 1 && !(standsForAll && seq > this.seq)) this.fail(`event ${seq} after event ${this.seq}`);
    this.seq = seq;
  }

  private apply(event: StreamEvent): void {
    const { type, content = '' } = event;
    if (type === 'content') this.append(content);
    else if (type === 'start') this.taskId = event.task_id ?? 0;
    else if (type === 'queued') this.wasQueued = true;
    else if (type === 'resync') {
      this.resyncs += 1;
      this.length = 0;
      this.append(content);
    } else if (type === 'error' || type === 'reset') this.fail(`event ${type}: ${event.error ?? ''}`);
  }

  private append(content: string): void {
    if (!this.expected.startsWith(content, this.length)) this.fail(`wrong text at character ${this.length}`);
    this.length += content.length;
  }
}

function peerText({ choices, delta }: PeerEvent): string {
  if (choices) return choices[0]?.delta?.content ?? '';

  return (typeof delta === 'string' ? delta : delta?.text) ?? '';
}
