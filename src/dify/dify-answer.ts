import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../common/app-error.js';
import type { ProviderEvent } from '../common/chat-event.js';
import type { StopReason } from '../common/chat-provider.js';
import type { DifyRun } from '../common/dify.js';
import type { AnswerParts } from '../infra/answers/answer-iterator.js';
import { AnswerReader } from '../infra/answers/answer-reader.js';
import { EventBatch } from '../infra/answers/event-batch.js';
import { asText, type JsonObject, parseJson } from '../infra/answers/json.js';
import { abortableSleep } from '../infra/answers/retry.js';
import { MAX_EVENT_LENGTH } from '../infra/answers/sse-reader.js';
import { readText } from '../infra/http/provider-http.body.js';
import type { ProviderResponse } from '../infra/http/provider-http.js';
import type { DifyApps } from './dify-apps.js';
import { fingerprintOf } from './dify-apps.js';
import type { DifyConversations } from './dify-conversations.js';
import type { DifyStarter, Turn } from './dify-starter.js';
import type { DifyStopper } from './dify-stopper.js';
import { ENDED } from './dify-stopper.js';
import type { DifyClient } from './dify.client.js';
import { DifyError, protocolError, sourceOf } from './dify.errors.js';
import { DifyEvents } from './dify.events.js';
import { inputForm } from './dify.forms.js';
import { hasConversations, isFlow } from './dify.request.js';
import { noteStep } from './dify.steps.js';
import { hasWaitedTooLong, isAnswered, nextLook } from './waiting.js';

/** How long the second of a chatflow's two end events may be behind the first. */
const END_GRACE_MS = 2_000;
/** How often a run is joined in a row without hearing anything. */
const MAX_DEAF_JOINS = 4;
const JOIN_DELAY_MS = 250;
const POLL_MS = { first: 500, last: 5_000 };
/** Dify takes a moment to go on after a form was filled in. */
const RESUME_PATIENCE_MS = 30_000;
const SUGGESTIONS_TIMEOUT_MS = 20_000;

/** What answers are made with. */
export interface DifyParts {
  client: DifyClient;
  apps: DifyApps;
  conversations: DifyConversations;
  starter: DifyStarter;
  stopper: DifyStopper;
  inputTimeoutMs: number;
}

/**
 * The answer of one run at Dify, whatever number of streams it takes: a run goes on when its stream breaks, and is
 * joined again.
 */
export class DifyAnswer implements AnswerParts {
  over = false;
  failure: { reason: unknown } | null = null;
  private reader: AnswerReader | null = null;
  private response: ProviderResponse | null = null;
  private mapper: DifyEvents | null = null;
  private run: DifyRun | null = null;
  /** Events that are not read from a stream. */
  private readonly own = new EventBatch();
  private onReady: (() => void) | null = null;
  private grace: NodeJS.Timeout | undefined;
  private deafJoins = 0;
  private heard = 0;
  private resumeBy = 0;
  /** The run is that of an earlier attempt. */
  private isOfEarlier = false;
  /** The conversation that is remembered for the task already. */
  private keptConversation: string | undefined;

  constructor(
    private readonly parts: DifyParts,
    private readonly turn: Turn,
  ) {
    turn.signal.addEventListener('abort', () => this.ready(), { once: true });
  }

  /** Begins the run, or joins the one that an earlier attempt has begun. */
  async open(): Promise<void> {
    const { known } = this.turn.link;
    if (known?.runId !== undefined) return this.goOn(known);
    // Nobody reads it, and it cannot be joined: it need not go on.
    if (known) void this.parts.stopper.send(this.turn.dify.connection, known, this.turn.request.endUser);
    await this.begin();
  }

  take(): readonly ProviderEvent[] | null {
    if (!this.own.isEmpty) return this.own.take();

    return this.reader?.take() ?? null;
  }

  whenReady(callback: () => void): void {
    if (this.over || !this.own.isEmpty || this.reader?.hasParts || this.turn.signal.aborted) return callback();
    this.onReady = callback;
    this.reader?.whenReady(this.onReader);
  }

  /** It was read whole, or is left to wait. */
  release(): void {
    clearTimeout(this.grace);
    this.response?.release();
    if (this.mapper?.finished) this.suggest();
  }

  /** Nobody reads on. Settles when the connection is closed, and after a cancel the run is stopped as far as may be. */
  async close(): Promise<void> {
    clearTimeout(this.grace);
    const reason = this.turn.signal.reason as Partial<StopReason> | undefined;
    if (reason?.kind === 'cancel') await this.stop();
    // After a handover somebody else joins the run.
    else if (reason?.kind === undefined) this.stopQuietly();
    await this.response?.close();
  }

  /** @param until when the run must be left, in milliseconds since the epoch */
  private async stop(until = Date.now() + STOP_MS): Promise<void> {
    const { link, dify, request } = this.turn;
    await this.drain(until, () => this.run?.taskId !== undefined);
    const { run } = this;
    if (!run) { link.stopped('failed'); return; }
    if (!this.mapper?.hasEnded && !(await this.parts.stopper.send(dify.connection, run, request.endUser)))
      { link.stopped('failed'); return; }
    await this.drain(until, () => this.mapper?.hasEnded === true);
    const ended = this.mapper?.hasEnded === true;
    const seen = isFlow(run.mode) && (await this.parts.stopper.verify(dify.connection, run, until)) === 'confirmed';
    link.stopped(seen || ended ? 'confirmed' : 'sent');
  }

  private stopQuietly(): void {
    const { dify, request } = this.turn;
    if (!this.run || this.mapper?.hasEnded || this.mapper?.paused) return;
    void this.parts.stopper.send(dify.connection, this.run, request.endUser);
  }

  /** Reads on for nobody. */
  private async drain(until: number, done: () => boolean): Promise<void> {
    const { reader } = this;
    while (reader && !reader.over && !done()) {
      const left = until - Date.now();
      if (left <= 0) return;
      reader.take();
      await Promise.race([new Promise<void>((resolve) => reader.whenReady(resolve)), sleep(left)]);
    }
  }

  private readonly onReader = (): void => {
    if (this.reader?.hasParts || this.turn.signal.aborted) return this.ready();
    if (this.reader?.over) void this.proceed();
  };

  private ready(): void {
    const ready = this.onReady;
    this.onReady = null;
    ready?.();
  }

  /** A stream has ended: what now? */
  private async proceed(): Promise<void> {
    try {
      await this.afterStream();
    } catch (error) {
      this.fail(error);
    }
    if (this.over || !this.own.isEmpty || this.turn.signal.aborted) this.ready();
    else this.reader?.whenReady(this.onReader);
  }

  private async afterStream(): Promise<void> {
    clearTimeout(this.grace);
    const { reader, mapper } = this;
    if (reader?.failure) throw reader.failure.reason;
    if (!mapper || mapper.finished) this.over = true;
    else if (mapper.paused) await this.onPause(mapper);
    else if (this.run?.runId === undefined) throw this.truncated();
    else await this.join(mapper);
  }

  private fail(reason: unknown): void {
    this.failure ??= { reason };
    this.over = true;
  }

  private truncated(): AppError {
    const { host } = sourceOf(this.turn.dify.connection);
    const message = `${host} ended the stream before the answer was complete`;

    return new AppError('provider_truncated', message, { retryable: true });
  }

  private async begin(): Promise<void> {
    const started = await this.parts.starter.start(this.turn);
    this.keptConversation = started.conversationId;
    if (started.lostConversation) this.own.add({ type: 'step', ...noteStep('conversation', LOST_CONVERSATION) });
    this.mapper = this.mapperOf(started.run);
    await this.read(started.response, this.mapper);
  }

  private mapperOf(run: DifyRun): DifyEvents {
    const { connection } = this.turn.dify;
    this.run = run;

    return new DifyEvents({
      mode: run.mode,
      baseUrl: connection.baseUrl,
      source: sourceOf(connection),
      run,
      onRun: () => this.remember(run),
      onEnding: () => {
        this.grace = setTimeout(() => this.reader?.end(), END_GRACE_MS);
      },
    });
  }

  private remember(run: DifyRun): void {
    const { link, dify, request } = this.turn;
    if (run.conversationId !== undefined && run.conversationId !== this.keptConversation) {
      this.keptConversation = run.conversationId;
      this.parts.conversations.keep({
        taskId: request.taskId,
        botId: dify.botId,
        fingerprint: fingerprintOf(dify.connection),
        conversationId: run.conversationId,
        endUser: request.endUser,
      });
    }
    link.save({ ...run });
  }

  private async read(response: ProviderResponse, mapper: DifyEvents): Promise<void> {
    this.response = response;
    const type = response.headers['content-type'] ?? '';
    if (/^text\/event-stream/i.test(type)) {
      this.reader = new AnswerReader(response.body, mapper, this.turn.timeouts, 'bytes');

      return;
    }
    const source = sourceOf(this.turn.dify.connection);
    if (!/^application\/json/i.test(type)) throw protocolError(source, 'no event stream; check DIFY_BASE_URL');
    const { text, complete } = await readText(response.body, { maxBytes: MAX_EVENT_LENGTH });
    const reply = parseJson(text);
    if (!complete || reply === undefined) throw protocolError(source, 'a JSON reply that is cut off or malformed');
    mapper.pushWhole(reply, this.own);
    mapper.end(this.own);
    this.over = true;
  }

  /** Goes on with a run that an earlier attempt has left. */
  private async goOn(known: DifyRun): Promise<void> {
    this.isOfEarlier = true;
    const run = { ...known };
    this.keptConversation = run.conversationId;
    const mapper = this.mapperOf(run);
    this.mapper = mapper;
    this.turn.timeouts.startAttempt();
    const waits = run.pausedAt != null;
    if (waits && !isAnswered(run) && (await this.isPaused(run))) return this.waitOn(run);
    mapper.rejoin(this.turn.link.shown());
    for (const form of run.forms ?? []) {
      if (form.token !== null && run.answered?.includes(form.token)) mapper.closeForm(form.nodeId, this.own);
    }
    if (!waits) this.own.add({ type: 'step', ...noteStep('joined', JOINED) });
    await this.join(mapper);
  }

  private async isPaused(run: DifyRun): Promise<boolean> {
    const { client } = this.parts;
    const detail = await client.runDetail(this.turn.dify.connection, run.runId ?? '').catch(() => null);

    return detail?.['status'] === 'paused';
  }

  /** @throws AppError provider_timeout when nobody has answered for too long */
  private async waitOn(run: DifyRun): Promise<void> {
    if (!hasWaitedTooLong(run, this.parts.inputTimeoutMs)) { this.leave(run); return; }
    const { dify, request } = this.turn;
    await this.parts.stopper.send(dify.connection, run, request.endUser);
    throw new AppError('provider_timeout', 'Nobody has answered the form in time', { retryable: true });
  }

  private leave(run: DifyRun): void {
    run.pausedAt ??= Date.now();
    run.leaves = (run.leaves ?? 0) + 1;
    this.turn.link.save({ ...run });
    this.own.add({ type: 'leave', until: nextLook(run, this.parts.inputTimeoutMs) });
    this.over = true;
  }

  private async onPause(mapper: DifyEvents): Promise<void> {
    const { run } = this;
    await this.completeForms(mapper);
    if (!run?.forms?.length) {
      mapper.endPaused(this.own);
      this.over = true;
    } else if (!isAnswered(run)) {
      this.leave(run);
    } else {
      this.resumeBy ||= Date.now() + RESUME_PATIENCE_MS;
      if (Date.now() > this.resumeBy) { this.leave(run); return; }
      await abortableSleep(JOIN_DELAY_MS, this.turn.signal);
      await this.join(mapper);
    }
  }

  /** Asks for forms of which the event told the token only. */
  private async completeForms(mapper: DifyEvents): Promise<void> {
    for (const data of mapper.bareForms.splice(0)) {
      const token = asText(data['form_token']) ?? '';
      const form = await this.parts.client.form(this.turn.dify.connection, token);
      this.own.add({
        type: 'input_required',
        form: inputForm(token, asText(data['node_id']) ?? '', { ...form, ...data }),
      });
    }
  }

  /** Reads on where the run is now. Servers without that call are asked for its end again and again. */
  private async join(mapper: DifyEvents): Promise<void> {
    const { client } = this.parts;
    const { dify, request, http, signal, link } = this.turn;
    for (;;) {
      this.deafJoins = mapper.count > this.heard ? 0 : this.deafJoins + 1;
      this.heard = mapper.count;
      if (this.deafJoins > MAX_DEAF_JOINS) return this.poll(mapper);
      await this.response?.close();
      if (this.deafJoins > 1) await abortableSleep(JOIN_DELAY_MS * 2 ** this.deafJoins, signal);
      signal.throwIfAborted();
      try {
        const response = await client.events(dify.connection, this.run?.runId ?? '', request.endUser, http);
        mapper.rejoin(link.shown());

        await this.read(response, mapper); return;
      } catch (error) {
        signal.throwIfAborted();
        if (isMissing(error)) return this.poll(mapper);
        if (!(error instanceof AppError) || !error.retryable) throw error;
      }
    }
  }

  private async poll(mapper: DifyEvents): Promise<void> {
    const { signal, timeouts } = this.turn;
    this.reader = null;
    for (let ms = POLL_MS.first; ; ms = Math.min(ms * 2, POLL_MS.last)) {
      const detail = await this.detail();
      if (detail === null) return this.lost(mapper);
      if (detail?.['status'] === 'paused') {
        mapper.paused = true;

        return this.onPause(mapper);
      }
      if (detail && ENDED.has(detail['status'])) {
        mapper.rejoin(this.turn.link.shown());
        mapper.pushDetail(detail, this.own);
        this.over = true;

        return;
      }
      if (detail) timeouts.alive(true);
      await abortableSleep(ms, signal);
    }
  }

  /** The run's state; null when it is not known to Dify, undefined when Dify does not answer. */
  private async detail(): Promise<JsonObject | null | undefined> {
    try {
      return await this.parts.client.runDetail(this.turn.dify.connection, this.run?.runId ?? '', this.turn.http);
    } catch (error) {
      if (isMissing(error)) return null;
      if (!(error instanceof AppError) || !error.retryable) throw error;

      return undefined;
    }
  }

  /** Nobody knows the run any more. */
  private async lost(mapper: DifyEvents): Promise<void> {
    if (this.isOfEarlier) {
      this.isOfEarlier = false;
      this.own.add({ type: 'restart', reason: 'run_lost' });

      return this.begin();
    }
    // Some versions lose the end of a chatflow.
    if (this.run?.mode !== 'advanced-chat' || mapper.textLength === 0) throw this.truncated();
    mapper.keepPartial(this.own);
    this.over = true;
  }

  private suggest(): void {
    const { mode, messageId } = this.run ?? {};
    if (mode === undefined || messageId === undefined || !hasConversations(mode)) return;
    this.turn.link.suggest(this.suggested(messageId).catch(() => []));
  }

  private async suggested(messageId: string): Promise<readonly string[]> {
    const { connection } = this.turn.dify;
    const { suggested_questions_after_answer: suggests } = await this.parts.apps.parameters(connection);
    if ((suggests as { enabled?: unknown } | undefined)?.enabled !== true) return [];
    const signal = AbortSignal.timeout(SUGGESTIONS_TIMEOUT_MS);

    return this.parts.client.suggested(connection, messageId, this.turn.request.endUser, signal);
  }
}

/** How long Dify's own end is waited for after a stop. */
export const STOP_MS = 5_000;
const LOST_CONVERSATION =
  'The app does not know this conversation any more: a new one was begun, and told what was said last';
const JOINED = 'The worker was lost; the run went on at Dify and was joined again';

/** The server has no such call, or does not know the run. */
function isMissing(error: unknown): boolean {
  return error instanceof DifyError && [404, 405, 501].includes(error.providerStatus ?? 0);
}
