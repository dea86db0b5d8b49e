import { AppError } from '../../common/app-error.js';
import type { ProviderEvent } from '../../common/contracts/chat-event.js';
import type { DifyRun } from '../../common/contracts/dify.js';
import type { AnswerParts } from '../../infra/provider-stream/answer-iterator.js';
import { EventBatch } from '../../infra/provider-stream/event-batch.js';
import { cleanMessage } from '../../infra/provider-stream/provider-error.js';
import { abortableSleep } from '../../infra/provider-stream/retry.js';
import type { DifyConversations } from './dify-conversations.js';
import { DifyRunRejoiner } from './dify-run-rejoiner.js';
import type { DifyStarter, Turn } from './dify-starter.js';
import type { DifyStopper } from './dify-stopper.js';
import { DifyStream } from './dify-stream.js';
import type { DifyClient } from '../client/dify.client.js';
import { sourceOf } from '../client/dify.errors.js';
import { completeForms, hasWaitedTooLong, isAnswered, nextCheckAt } from '../events/dify.forms.js';
import { isFlow } from '../client/dify.request.js';
import { answerStep } from '../events/dify.steps.js';

/** How long to wait for Dify's own end after a stop. */
export const STOP_MS = 5_000;
/** Dify needs a moment to continue after a form was filled in. */
const RESUME_TIMEOUT_MS = 30_000;
const RESUME_CHECK_MS = 250;
const LOST_CONVERSATION =
  'The app does not know this conversation any more: a new one was begun, and told what was said last';
const JOINED = 'The worker was lost; the run went on at Dify and was joined again';

/** What all answers share. */
export interface DifyParts {
  client: DifyClient;
  conversations: DifyConversations;
  starter: DifyStarter;
  stopper: DifyStopper;
  inputTimeoutMs: number;
}

/**
 * The answer of one run at Dify. When its stream breaks or its worker is lost, the run continues and is joined again.
 */
export class DifyAnswer implements AnswerParts {
  over = false;
  failure: { reason: unknown } | null = null;
  private stream: DifyStream | null = null;
  private readonly joins: DifyRunRejoiner;
  /** Events that are not read from a stream. */
  private readonly own = new EventBatch();
  private onReady: (() => void) | null = null;
  private resumeBy = 0;
  /** The run is that of an earlier attempt. */
  private isOfEarlier = false;
  /** A new conversation was begun in place of a lost one. */
  private isAnew = false;

  constructor(
    private readonly parts: DifyParts,
    private readonly turn: Turn,
  ) {
    this.joins = new DifyRunRejoiner(parts.client, turn);
    turn.signal.addEventListener('abort', () => this.ready(), { once: true });
  }

  /** The run if its answer is complete. */
  get finished(): DifyRun | null {
    return this.stream?.mapper.finished ? this.stream.run : null;
  }

  /** Starts a run, or joins that of an earlier attempt. */
  async open(): Promise<void> {
    const { known } = this.turn.link;
    if (known?.runId !== undefined) return this.resume(known);
    // It cannot be joined, so its answer is lost.
    if (known) void this.parts.stopper.send(this.turn.dify.connection, known, this.turn.request.endUser);
    await this.begin().catch((error: unknown) => this.beginAnew(error));
  }

  read(): readonly ProviderEvent[] | null {
    if (!this.own.isEmpty) return this.own.drain();

    return this.stream?.reader?.read() ?? null;
  }

  whenReady(callback: () => void): void {
    const reader = this.stream?.reader;
    if (this.over || !this.own.isEmpty || reader?.hasParts || this.turn.signal.aborted) return callback();
    this.onReady = callback;
    reader?.whenReady(this.onReader);
  }

  /** Gives the connection back: the answer was read whole, or the run waits for a person. */
  release(): void {
    this.stream?.release();
  }

  close(): Promise<void> {
    return this.stream?.close() ?? Promise.resolve();
  }

  /** Stops the run, waits for Dify's own end and reports the result to the turn's link. */
  async stop(): Promise<void> {
    const until = Date.now() + STOP_MS;
    const { link, dify, request } = this.turn;
    const { stopper } = this.parts;
    const { stream } = this;
    if (!stream) return;
    const { run, mapper } = stream;
    await stream.drain(until, () => run.taskId !== undefined);
    if (!mapper.hasEnded && !(await stopper.send(dify.connection, run, request.endUser))) {
      link.stopped('failed');

      return;
    }
    await stream.drain(until, () => mapper.hasEnded);
    const isSeen = isFlow(run.mode) && (await stopper.verify(dify.connection, run, until)) === 'confirmed';
    link.stopped(isSeen || mapper.hasEnded ? 'confirmed' : 'sent');
  }

  /** Stops, in the background, a run whose answer has failed here. */
  stopQuietly(): void {
    const { dify, request } = this.turn;
    if (!this.stream || this.stream.mapper.hasEnded || this.stream.mapper.paused) return;
    void this.parts.stopper.send(dify.connection, this.stream.run, request.endUser);
  }

  private readonly onReader = (): void => {
    const reader = this.stream?.reader;
    if (reader?.hasParts || this.turn.signal.aborted) return this.ready();
    if (reader?.over) void this.proceed();
  };

  private ready(): void {
    const ready = this.onReady;
    this.onReady = null;
    ready?.();
  }

  /** Decides how to continue after the end of a stream. */
  private async proceed(): Promise<void> {
    try {
      const reader = this.stream?.reader;
      if (reader?.failure) throw reader.failure.reason;
      if (this.stream) await this.continueFrom(this.stream);
    } catch (error) {
      await this.beginAnew(error).catch((reason: unknown) => {
        this.failure ??= { reason };
        this.over = true;
      });
    }
    if (this.over || !this.own.isEmpty || this.turn.signal.aborted) this.ready();
    else this.stream?.reader?.whenReady(this.onReader);
  }

  private async continueFrom(stream: DifyStream): Promise<void> {
    const { mapper, run } = stream;
    if (mapper.finished) this.over = true;
    else if (mapper.paused) await this.onPause(stream);
    else if (run.runId === undefined) throw this.truncated();
    else await this.join(stream);
  }

  private truncated(): AppError {
    const { host, secrets } = sourceOf(this.turn.dify.connection);
    const said = cleanMessage(this.stream?.mapper.unreadable ?? undefined, secrets);
    const message = `${host} ended the stream before the answer was complete${said ? `: ${said}` : ''}`;

    return new AppError('provider_truncated', message, { retryable: true });
  }

  private async begin(): Promise<void> {
    const { response, run, conversationId, lostConversation } = await this.parts.starter.start(this.turn, this.isAnew);
    if (lostConversation) this.own.add({ type: 'step', ...answerStep('conversation', LOST_CONVERSATION) });
    this.isAnew ||= lostConversation;
    this.stream = this.streamOf(run, conversationId);
    await this.stream.attach(response, this.own);
    if (!this.stream.reader) await this.continueFrom(this.stream);
    else if (conversationId !== '') this.stream.watchSilence(() => void this.onSilence());
  }

  /** Begins a new conversation if the failure is that the app has lost the old one. @throws the failure if it is not */
  private async beginAnew(failure: unknown): Promise<void> {
    const { stream, turn } = this;
    const mayRepeat = stream && !this.isAnew && !turn.signal.aborted && stream.mapper.textLength === 0;
    if (!mayRepeat || !(await this.parts.starter.hasLost(turn, stream.conversationId, failure))) throw failure;
    this.isAnew = true;
    this.stopQuietly();
    await stream.close();
    if (turn.link.shown().steps.length > 0) this.own.add({ type: 'restart', reason: 'conversation_lost' });
    await this.begin();
  }

  /** Ends a stream that brings nothing but pings because its app has lost the conversation. */
  private async onSilence(): Promise<void> {
    const { stream, turn } = this;
    if (!stream || !(await this.parts.starter.hasLost(turn, stream.conversationId, this.truncated()))) return;
    if (stream.mapper.count === 0) stream.reader?.end();
  }

  private streamOf(run: DifyRun, conversationId: string): DifyStream {
    return new DifyStream(run, this.turn, this.parts.conversations, conversationId);
  }

  /** Resumes the run of an earlier attempt. */
  private async resume(known: DifyRun): Promise<void> {
    this.isOfEarlier = true;
    this.stream = this.streamOf({ ...known }, known.conversationId ?? '');
    const { run, mapper } = this.stream;
    this.turn.timeouts.startAttempt();
    const form = run.pausedAt == null ? 'none' : isAnswered(run) ? 'over' : await this.formState(run);
    if (form === 'open') {
      this.waitOn(this.stream);
      return;
    }
    mapper.rejoin(this.turn.link.shown());
    if (form === 'over') mapper.closeForms(this.own);
    else if (form === 'none') this.own.add({ type: 'step', ...answerStep('joined', JOINED) });
    await this.join(this.stream);
  }

  /** Whether a run that waited still does. */
  private async formState(run: DifyRun): Promise<'open' | 'over' | 'unknown'> {
    const detail = await this.parts.client.runDetail(this.turn.dify.connection, run.runId ?? '').catch(() => null);
    if (!detail) return 'unknown';

    return detail['status'] === 'paused' ? 'open' : 'over';
  }

  /** @throws AppError provider_timeout when the form was not answered in time; the run is stopped then */
  private waitOn(stream: DifyStream): void {
    if (!hasWaitedTooLong(stream.run, this.parts.inputTimeoutMs)) return this.suspend(stream);
    throw new AppError('provider_timeout', 'Nobody has answered the form in time', { retryable: true });
  }

  private suspend(stream: DifyStream): void {
    const { run } = stream;
    run.pausedAt ??= Date.now();
    run.leaves = (run.leaves ?? 0) + 1;
    stream.remember();
    this.own.add({ type: 'suspend', until: nextCheckAt(run, this.parts.inputTimeoutMs) });
    this.over = true;
  }

  private async onPause(stream: DifyStream): Promise<void> {
    const { run, mapper } = stream;
    for (const form of await completeForms(mapper.bareForms.splice(0), this.parts.client, this.turn.dify.connection))
      this.own.add({ type: 'input_required', form });
    if (!run.forms?.length) {
      mapper.endPaused(this.own);
      this.over = true;

      return;
    }
    if (isAnswered(run)) this.resumeBy ||= Date.now() + RESUME_TIMEOUT_MS;
    if (Date.now() < this.resumeBy) {
      await abortableSleep(RESUME_CHECK_MS, this.turn.signal);
      await this.join(stream);
    } else this.suspend(stream);
  }

  private async join(stream: DifyStream): Promise<void> {
    if ((await this.joins.join(stream, this.own)) === 'lost') return this.onLost(stream);
    if (!stream.reader) await this.continueFrom(stream);
  }

  private async onLost({ run, mapper }: DifyStream): Promise<void> {
    if (this.isOfEarlier) {
      this.isOfEarlier = false;
      this.own.add({ type: 'restart', reason: 'run_lost' });

      return this.begin();
    }
    // Some versions lose the end of a chatflow.
    if (run.mode !== 'advanced-chat' || mapper.textLength === 0) throw this.truncated();
    mapper.keepPartial(this.own);
    this.over = true;
  }
}
