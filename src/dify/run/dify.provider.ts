import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import type { ProviderEvent } from '../../common/contracts/chat-event.js';
import type { ChatProvider, ChatRequest, StopReason } from '../../common/contracts/chat-provider.js';
import type { DifyRun } from '../../common/contracts/dify.js';
import { DIFY_SHELL } from '../../common/contracts/shell-types.js';
import { AppConfig } from '../../config/app-config.js';
import { type AnswerCall, AnswerIterator, type OpenAnswer } from '../../infra/provider-stream/answer-iterator.js';
import { ProviderTimeouts, type ProviderTimeoutLimits } from '../../infra/provider-stream/provider-timeouts.js';
import { retryDelay } from '../../infra/provider-stream/retry.js';
import { DifyAnswer, type DifyParts, STOP_MS } from './dify-answer.js';
import { DifyApps } from '../client/dify-apps.js';
import { DifyConversations } from './dify-conversations.js';
import { DifyStarter, type Turn } from './dify-starter.js';
import { DifyStopper } from './dify-stopper.js';
import { DifyClient } from '../client/dify.client.js';
import { hasConversations } from '../client/dify.request.js';

/** Answers turns of bots whose shell is `Dify`, from the app that they name. */
@Injectable()
export class DifyProvider implements ChatProvider {
  readonly shellType = DIFY_SHELL;
  private readonly parts: DifyParts;
  private readonly limits: ProviderTimeoutLimits;

  constructor(
    client: DifyClient,
    private readonly apps: DifyApps,
    conversations: DifyConversations,
    stopper: DifyStopper,
    { provider, dify }: AppConfig,
  ) {
    const { firstTokenTimeoutMs: firstTokenMs, idleTimeoutMs: idleMs, totalTimeoutMs: totalMs } = provider;
    this.limits = { firstTokenMs, idleMs, totalMs };
    const starter = new DifyStarter(client, apps, conversations, retryDelay);
    const inputTimeoutMs = dify.inputTimeoutSeconds * 1000;
    this.parts = { client, conversations, starter, stopper, inputTimeoutMs };
  }

  /** After a cancel it settles when Dify has ended the run, or after 5 s. */
  stream(request: ChatRequest, signal: AbortSignal): AsyncIterable<readonly ProviderEvent[]> {
    return {
      [Symbol.asyncIterator]: () => {
        const { call, turn } = this.prepare(request, signal);

        return new AnswerIterator(call, () => this.open(turn));
      },
    };
  }

  private prepare(request: ChatRequest, signal: AbortSignal): { call: AnswerCall; turn: Turn } {
    const { dify, upstream: link } = request;
    if (!dify || !link) throw new AppError('model_not_configured', 'There is no Dify app to ask');
    const controller = new AbortController();
    const http = new AbortController();
    const stop = (reason: unknown) => {
      call.stopped = true;
      controller.abort(reason);
      if (isCancel(reason)) setTimeout(() => http.abort(reason), STOP_MS).unref();
      else http.abort(reason);
    };
    const onAbort = () => stop(signal.reason);
    const timeouts = new ProviderTimeouts(this.limits, stop);
    const dispose = () => {
      timeouts.stop();
      signal.removeEventListener('abort', onAbort);
    };
    const ends = { signal: controller.signal, http: http.signal };
    const turn: Turn = { request, dify, link, timeouts, sent: false, ...ends };
    const call = { signal: controller.signal, stopped: false, dispose };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();

    return { call, turn };
  }

  private async open(turn: Turn): Promise<OpenAnswer> {
    const answer = new DifyAnswer(this.parts, turn);
    const close = async () => {
      const { kind } = (turn.signal.reason ?? {}) as Partial<StopReason>;
      if (kind === 'cancel') await answer.stop();
      // After a handover or a fencing another worker reads the run.
      else if (kind === undefined) answer.stopQuietly();
      await answer.close();
    };
    const release = () => {
      answer.release();
      if (answer.finished) this.suggest(turn, answer.finished);
    };
    try {
      await answer.open();
    } catch (error) {
      // The request for a run was sent and no id is known to stop it by.
      if (turn.sent && isCancel(turn.signal.reason)) turn.link.stopped('failed');
      await close();
      throw error;
    }

    return { parts: answer, release, close };
  }

  private suggest(turn: Turn, { mode, messageId }: DifyRun): void {
    if (messageId === undefined || !hasConversations(mode)) return;
    turn.link.suggest(this.apps.suggested(turn.dify.connection, messageId, turn.request.endUser));
  }
}

function isCancel(reason: unknown): boolean {
  return (reason as Partial<StopReason> | undefined)?.kind === 'cancel';
}
