import { ApiProblem } from '../../api/api-problem';
import { reduceAnswer } from './answer-reducer';
import {
  type AnswerConnection,
  type AnswerState,
  type ChatEvent,
  hasEnded,
  NO_ANSWER,
  NO_CONNECTION,
  type ReceivedEvent,
} from './answer-state';
import { EventStream, type StreamMessage } from '../event-stream';
import { FrameBatch } from './frame-batch';
import { type StoredRow, withStoredParts } from './stored-answer';
import { isOnline, onWakeUp } from '../wake-ups';

/** How long a stream goes on that is not shown: the page may be on its way to it. */
const UNSEEN_MS = 3_000;

/** Where an answer comes from. All calls throw `ApiProblem`. */
export interface AnswerSource {
  open: (lastEventId: string | null, signal: AbortSignal) => Promise<Response>;
  cancel: () => Promise<unknown>;
  /** The rows of the conversation, for parts that the stream has skipped. */
  readRows: () => Promise<readonly StoredRow[]>;
  /** Called when the answer has ended. */
  onEnd: () => void;
}

/** What is known of an answer. */
export interface AnswerView {
  /** Null before this page has asked or attached. */
  state: AnswerState | null;
  connection: AnswerConnection;
  /** The question, if it was asked on this page; its row may not be in the lists yet. */
  question: string | null;
}

/** Of an answer that this page knows nothing of. */
export const NOTHING_ASKED: AnswerView = { state: null, connection: NO_CONNECTION, question: null };

/** The newest answer of a conversation: its state, and its stream while it is shown and not at its end. */
export class AnswerFollower {
  private view = NOTHING_ASKED;
  private isStopping = false;
  private isFilling = false;
  private viewers = 0;
  private taskStatus: string | null = null;
  private stream: EventStream | null = null;
  private readonly listeners = new Set<() => void>();
  private readonly batch = new FrameBatch<ReceivedEvent>((events) => this.apply(events));

  constructor(private readonly source: AnswerSource) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);

    return () => this.listeners.delete(listener);
  };

  readonly current = (): AnswerView => this.view;

  get isSeen(): boolean {
    return this.viewers > 0;
  }

  /** Shows the stream of a question that was just stored. */
  begin(response: Response, question: string): void {
    this.detach();
    this.isStopping = false;
    this.show({ state: NO_ANSWER, question });
    this.open(null, response);
    this.closeUnseenLater();
  }

  retain(): void {
    this.viewers += 1;
    if (this.view.state && !hasEnded(this.view.state)) this.attach();
  }

  release(): void {
    this.viewers -= 1;
    this.closeUnseenLater();
  }

  /** Opens the stream of the newest answer, after what is known of it, unless it is open. */
  attach(): void {
    if (this.stream === null) this.open(this.view.state?.lastEventId ?? null, null);
  }

  /**
   * Stops the answer, wherever it was asked. Its stream brings the proof.
   * @throws ApiProblem when the server could not be told
   */
  async stop(): Promise<void> {
    this.setStopping(true);
    try {
      await this.source.cancel();
    } catch (error) {
      this.setStopping(false);
      // It has ended meanwhile.
      if (!(error instanceof ApiProblem && error.code === 'task_final')) throw error;
    }
    if (this.isSeen && !this.isComplete()) this.attach();
  }

  /** What the live events say of the task: another tab may have asked, or stopped the answer. */
  followTask(status: string): void {
    if (status === this.taskStatus) return;
    this.taskStatus = status;
    if (status === 'CANCELLING') this.setStopping(true);
    if (this.isSeen && (status === 'RUNNING' || status === 'PENDING')) this.attach();
  }

  private open(lastEventId: string | null, response: Response | null): void {
    const stream: EventStream = new EventStream({
      lastEventId,
      open: this.source.open,
      onMessage: (message) => this.receive(message),
      onConnection: (connection) => this.connected(stream, connection),
      isComplete: () => this.isComplete(),
      onWakeUp,
      isOnline,
    });
    this.stream = stream;
    stream.start(response);
  }

  private detach(): void {
    this.stream?.close();
    this.stream = null;
    this.batch.flush();
    this.show({ connection: NO_CONNECTION });
  }

  private closeUnseenLater(): void {
    setTimeout(() => {
      if (!this.isSeen) this.detach();
    }, UNSEEN_MS);
  }

  private connected(stream: EventStream, connection: AnswerConnection): void {
    if (stream !== this.stream) return;
    if (connection.status === 'ended' || connection.status === 'refused') this.stream = null;
    this.show({ connection });
  }

  private receive({ id, data }: StreamMessage): void {
    this.batch.add({ id, at: Date.now(), event: JSON.parse(data) as ChatEvent });
  }

  private isComplete(): boolean {
    this.batch.flush();

    return this.view.state !== null && hasEnded(this.view.state);
  }

  private apply(events: readonly ReceivedEvent[]): void {
    const before = this.view.state ?? NO_ANSWER;
    const state = events.reduce(reduceAnswer, withoutStopping(before));
    if (state.streamId !== before.streamId && before.streamId !== null) this.isStopping = false;
    this.show({ state });
    if (state.hasGap) void this.fillGap();
    if (!hasEnded(state) || hasEnded(before)) return;
    this.isStopping = false;
    this.source.onEnd();
  }

  private async fillGap(): Promise<void> {
    if (this.isFilling) return;
    this.isFilling = true;
    const rows = await this.source.readRows().catch(() => null);
    this.isFilling = false;
    if (rows && this.view.state?.hasGap) this.show({ state: withStoredParts(this.view.state, rows) });
  }

  private setStopping(isStopping: boolean): void {
    this.isStopping = isStopping;
    if (this.view.state) this.show({ state: this.view.state });
  }

  private show(change: Partial<AnswerView>): void {
    const next = { ...this.view, ...change };
    const { state } = next;
    const isStopping = this.isStopping && state !== null && !hasEnded(state);
    this.view = { ...next, state: isStopping ? { ...state, phase: 'stopping' } : state && withoutStopping(state) };
    for (const listener of this.listeners) listener();
  }
}

/** What the events alone say: `stopping` is the wish of the reader. */
function withoutStopping(state: AnswerState): AnswerState {
  if (state.phase !== 'stopping') return state;
  const { content = '', reasoning = '' } = state.parts.at(-1) ?? {};
  if (state.form) return { ...state, phase: 'input_required' };
  if (state.position !== null) return { ...state, phase: 'queued' };
  if (content !== '') return { ...state, phase: 'writing' };

  return { ...state, phase: reasoning === '' ? 'asking' : 'reasoning' };
}
