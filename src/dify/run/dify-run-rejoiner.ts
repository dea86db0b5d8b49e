import { AppError } from '../../common/app-error.js';
import type { EventBatch } from '../../infra/provider-stream/event-batch.js';
import type { JsonObject } from '../../common/text/json.js';
import { abortableSleep } from '../../infra/provider-stream/retry.js';
import type { Turn } from './dify-starter.js';
import { ENDED } from './dify-stopper.js';
import type { DifyStream } from './dify-stream.js';
import type { DifyClient } from '../client/dify.client.js';
import { DifyError } from '../client/dify.errors.js';

/** How often a run is joined in a row without receiving an event. */
const MAX_SILENT_JOINS = 4;
const JOIN_DELAY_MS = 250;
const POLL_MS = { first: 500, last: 5_000 };

/** `joined`: its events come again, or it has ended; `lost`: Dify does not know it any more. */
export type JoinOutcome = 'joined' | 'lost';

/** Joins runs that continue at Dify. One for each answer. */
export class DifyRunRejoiner {
  private silentJoins = 0;
  private seenEvents = 0;

  constructor(
    private readonly client: DifyClient,
    private readonly turn: Turn,
  ) {}

  /**
   * Joins the run again. Servers without that call are polled for its end.
   * @param batch receives the result of polling
   */
  async join(stream: DifyStream, batch: EventBatch): Promise<JoinOutcome> {
    const { dify, request, http, signal, link } = this.turn;
    for (;;) {
      const { count } = stream.mapper;
      this.silentJoins = count > this.seenEvents ? 0 : this.silentJoins + 1;
      this.seenEvents = count;
      if (this.silentJoins > MAX_SILENT_JOINS) return this.poll(stream, batch);
      await stream.close();
      if (this.silentJoins > 1) await abortableSleep(JOIN_DELAY_MS * 2 ** this.silentJoins, signal);
      signal.throwIfAborted();
      try {
        const response = await this.client.events(dify.connection, stream.run.runId ?? '', request.endUser, http);
        stream.mapper.rejoin(link.shown());
        await stream.attach(response, batch);

        return 'joined';
      } catch (error) {
        signal.throwIfAborted();
        if (isMissing(error)) return this.poll(stream, batch);
        if (!(error instanceof AppError) || !error.retryable) throw error;
      }
    }
  }

  private async poll(stream: DifyStream, batch: EventBatch): Promise<JoinOutcome> {
    const { signal, timeouts, link } = this.turn;
    const { mapper } = stream;
    stream.reader = null;
    for (let ms = POLL_MS.first; ; ms = Math.min(ms * 2, POLL_MS.last)) {
      const detail = await this.detail(stream);
      if (detail === null) return 'lost';
      mapper.paused = detail?.['status'] === 'paused';
      if (mapper.paused) return 'joined';
      if (detail && ENDED.has(detail['status'])) {
        mapper.rejoin(link.shown());
        mapper.pushDetail(detail, batch);

        return 'joined';
      }
      if (detail) timeouts.alive(true);
      await abortableSleep(ms, signal);
    }
  }

  /** The run's state; null when it is not known to Dify, undefined when Dify does not answer. */
  private async detail({ run }: DifyStream): Promise<JsonObject | null | undefined> {
    try {
      return await this.client.runDetail(this.turn.dify.connection, run.runId ?? '', this.turn.http);
    } catch (error) {
      if (isMissing(error)) return null;
      if (!(error instanceof AppError) || !error.retryable) throw error;

      return undefined;
    }
  }
}

/** The server has no such call, or does not know the run. */
function isMissing(error: unknown): boolean {
  return error instanceof DifyError && [404, 405, 501].includes(error.providerStatus ?? 0);
}
