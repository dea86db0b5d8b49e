import type { ChatRequest, UpstreamLink } from '../../common/contracts/chat-provider.js';
import type { DifyMode, DifyRun, DifyTurn } from '../../common/contracts/dify.js';
import type { ProviderTimeouts } from '../../infra/provider-stream/provider-timeouts.js';
import { abortableSleep, type retryDelay } from '../../infra/provider-stream/retry.js';
import type { ProviderResponse } from '../../infra/http/client/provider-http.js';
import { fingerprintOf, type DifyApps } from '../client/dify-apps.js';
import type { ConversationKey, DifyConversations, FoundConversation } from './dify-conversations.js';
import type { ConversationRow } from './dify-conversations.repository.js';
import type { DifyClient } from '../client/dify.client.js';
import { isLostConversation, isUnsent, isWrongMode, mayMeanLostConversation } from '../client/dify.errors.js';
import { hasConversations, runBody } from '../client/dify.request.js';

/** A turn that is being answered. */
export interface Turn {
  request: ChatRequest;
  dify: DifyTurn;
  link: UpstreamLink;
  /** Aborted when the answer is not wanted here any more. */
  signal: AbortSignal;
  /** Aborted when its connections must be closed: after a cancel later than `signal`, to wait for Dify's own end. */
  http: AbortSignal;
  timeouts: ProviderTimeouts;
  /** The request for a run was sent. */
  sent: boolean;
}

/** A run that has begun at Dify. */
export interface StartedRun {
  response: ProviderResponse;
  run: DifyRun;
  /** The conversation that it was to go on with; empty for a new one. */
  conversationId: string;
  /** The conversation so far is not known to the app. */
  lostConversation: boolean;
}

/** Returns what a turn's conversation is found by. */
function conversationKey({ taskId, endUser }: ChatRequest, { botId, connection }: DifyTurn): ConversationKey {
  return { taskId, botId, fingerprint: fingerprintOf(connection), endUser };
}

/** Returns what is stored of a conversation that has a turn. */
export function conversationRow(request: ChatRequest, dify: DifyTurn, conversationId: string): ConversationRow {
  return { ...conversationKey(request, dify), conversationId, turn: request.path?.at(-1) ?? 0 };
}

/** Starts runs: in the right mode, in the right conversation, and never twice. */
export class DifyStarter {
  constructor(
    private readonly client: DifyClient,
    private readonly apps: DifyApps,
    private readonly conversations: DifyConversations,
    private readonly delayBefore: typeof retryDelay,
  ) {}

  /**
   * Starts a run; retries while Dify cannot have started one.
   * @param anew begins a new conversation, which is told what was said last
   */
  async start(turn: Turn, anew: boolean): Promise<StartedRun> {
    const { signal, timeouts } = turn;
    const startedAt = performance.now();
    for (let retries = 0; ; retries++) {
      signal.throwIfAborted();
      try {
        timeouts.startAttempt();

        return await this.inMode(turn, anew);
      } catch (error) {
        timeouts.endAttempt();
        signal.throwIfAborted();
        if (!isUnsent(error)) throw error;
        const elapsedMs = performance.now() - startedAt;
        await abortableSleep(this.delayBefore(error, { retries, elapsedMs }), signal);
      }
    }
  }

  /**
   * Whether the app has lost a conversation: because the failure of a run in it says so, or, where it does not, because
   * the app does not know it when asked. Workers of chatflows fail without a word, or fall silent (langgenius/dify#37197).
   */
  async hasLost({ dify, request }: Turn, conversationId: string, error: unknown): Promise<boolean> {
    if (conversationId === '') return false;
    if (isLostConversation(error)) return true;
    if (!mayMeanLostConversation(error)) return false;

    return !(await this.client.knowsConversation(dify.connection, conversationId, request.endUser));
  }

  /** Tries the other mode when the cached one is stale: the key may belong to another app by now. */
  private async inMode(turn: Turn, anew: boolean): Promise<StartedRun> {
    const { connection } = turn.dify;
    const mode = await this.apps.mode(connection);
    try {
      return await this.inConversation(turn, mode, anew);
    } catch (error) {
      if (!isWrongMode(error)) throw error;
      const current = await this.apps.mode(connection, true);
      if (current === mode) throw error;

      return this.inConversation(turn, current, anew);
    }
  }

  private async inConversation(turn: Turn, mode: DifyMode, anew: boolean): Promise<StartedRun> {
    const found = hasConversations(mode) && !anew ? await this.conversationOf(turn) : 'none';
    if (anew || found === 'lost') return this.post(turn, mode, '', true);
    if (found === 'none') return this.post(turn, mode, '', false);
    try {
      return await this.post(turn, mode, found.id, false);
    } catch (error) {
      turn.signal.throwIfAborted();
      if (isWrongMode(error) || !(await this.hasLost(turn, found.id, error))) throw error;

      return this.post(turn, mode, '', true);
    }
  }

  private conversationOf({ request, dify, link }: Turn): Promise<FoundConversation> | FoundConversation {
    const { path = [] } = request;
    if (path.length === 1 && !link.known) return 'none';

    return this.conversations.find(conversationKey(request, dify), path);
  }

  /** @param lost whether there was a conversation that the app does not know any more */
  private async post(turn: Turn, mode: DifyMode, conversationId: string, lost: boolean): Promise<StartedRun> {
    const { request, dify, http } = turn;
    const form = hasConversations(mode) ? null : await this.apps.tryForm(dify.connection);
    const body = runBody({ ...request, dify }, mode, conversationId, form?.fields);
    turn.signal.throwIfAborted();
    // Whatever becomes of the run: from now on the conversation may have this turn.
    if (conversationId !== '') this.conversations.save(conversationRow(request, dify, conversationId));
    turn.sent = true;
    try {
      const response = await this.client.run(dify.connection, mode, body, http);

      return { response, run: { mode, botId: dify.botId }, conversationId, lostConversation: lost };
    } catch (error) {
      // Refused: nothing runs.
      if (!http.aborted) turn.sent = false;
      throw error;
    }
  }
}
