import { withinOr } from '../../common/async/within.js';
import type { DifyRun } from '../../common/contracts/dify.js';
import { AnswerReader } from '../../infra/provider-stream/answer-reader.js';
import type { EventBatch } from '../../infra/provider-stream/event-batch.js';
import { parseJson } from '../../common/text/json.js';
import { MAX_EVENT_LENGTH, SseReader } from '../../infra/provider-stream/body/sse-reader.js';
import { type ProviderResponse, readText } from '../../infra/http/client/provider-http.js';
import type { DifyConversations } from './dify-conversations.js';
import { conversationRow, type Turn } from './dify-starter.js';
import { protocolError, sourceOf } from '../client/dify.errors.js';
import { DifyEvents } from '../events/dify.events.js';

/** How long the second of a chatflow's two end events may be behind the first. */
const END_GRACE_MS = 2_000;

/** How long a conversation may be without any event before the app is asked whether it still knows it. */
const SILENCE_MS = 5_000;

/** The events of one run, over any number of connections. */
export class DifyStream {
  readonly mapper: DifyEvents;
  reader: AnswerReader | null = null;
  private response: ProviderResponse | null = null;
  private grace: NodeJS.Timeout | undefined;
  private silence: NodeJS.Timeout | undefined;
  private keptConversation: string;

  /** @param conversationId the conversation that the run goes on with; empty for a new one */
  constructor(
    readonly run: DifyRun,
    private readonly turn: Turn,
    private readonly conversations: DifyConversations,
    readonly conversationId: string,
  ) {
    this.keptConversation = conversationId;
    const { connection } = turn.dify;
    this.mapper = new DifyEvents({
      baseUrl: connection.baseUrl,
      source: sourceOf(connection),
      run,
      conversationId,
      onRun: () => this.remember(),
      onEnding: () => {
        this.grace = setTimeout(() => this.reader?.end(), END_GRACE_MS);
      },
    });
  }

  /** Reads a reply from now on. @param batch gets the events of a reply that does not stream */
  async attach(response: ProviderResponse, batch: EventBatch): Promise<void> {
    this.response = response;
    const type = response.headers['content-type'] ?? '';
    if (!/^(application\/json|text\/html)/i.test(type)) {
      this.reader = new AnswerReader(response.body, this.mapper, this.turn.timeouts, 'bytes');

      return;
    }
    const source = sourceOf(this.turn.dify.connection);
    const { text, complete } = await readText(response.body, { maxBytes: MAX_EVENT_LENGTH });
    // A stream behind a wrong label.
    if (/^\s*(?:data|event|:)/.test(text)) {
      this.readEvents(text, batch);

      return;
    }
    if (/^text\/html/i.test(type)) throw protocolError(source, 'no event stream; check DIFY_BASE_URL');
    const reply = parseJson(text);
    if (!complete || reply === undefined) throw protocolError(source, 'a JSON reply that is cut off or malformed');
    this.mapper.pushWhole(reply, batch);
    this.mapper.end(batch);
  }

  private readEvents(text: string, batch: EventBatch): void {
    const sse = new SseReader((event) => this.mapper.push(event, batch));
    sse.feed(Buffer.from(text));
    sse.end();
    this.mapper.end(batch);
  }

  /** Calls back once if no event arrives for a while. */
  watchSilence(onSilence: () => void): void {
    this.silence = setTimeout(() => {
      if (this.mapper.count === 0 && this.reader?.over === false) onSilence();
    }, SILENCE_MS);
  }

  /** Reads on without a consumer. @param until milliseconds since the epoch */
  async drain(until: number, done: () => boolean): Promise<void> {
    const { reader } = this;
    while (reader && !reader.over && !done()) {
      const left = until - Date.now();
      if (left <= 0) return;
      reader.read();
      await withinOr(left, undefined, new Promise<void>((resolve) => reader.whenReady(resolve)));
    }
  }

  /** Gives the connection back after the reply was read whole. */
  release(): void {
    this.clearTimers();
    this.response?.release();
  }

  /** Closes the connection. Settles when it is closed. */
  async close(): Promise<void> {
    this.clearTimers();
    await this.response?.close();
  }

  /** Saves what is known of the run and of its conversation. */
  remember(): void {
    const { link, dify, request } = this.turn;
    const { conversationId } = this.run;
    if (conversationId !== undefined && conversationId !== this.keptConversation) {
      this.keptConversation = conversationId;
      this.conversations.save(conversationRow(request, dify, conversationId));
    }
    link.save({ ...this.run });
  }

  private clearTimers(): void {
    clearTimeout(this.grace);
    clearTimeout(this.silence);
  }
}
