import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { AnswerAccumulator } from '../../answer-stream/answer-accumulator.js';
import { type Claim, ClaimedLog, type ClaimedStream } from '../../answer-stream/log/claimed-log.js';
import type { StreamText } from '../../answer-stream/log/stream-text.js';
import { AppError, found } from '../../common/app-error.js';
import type { ChatEvent } from '../../common/contracts/chat-event.js';
import { AppConfig } from '../../config/app-config.js';
import { invalid } from '../../infra/http/server/validation.pipe.js';
import { TurnsService } from '../../tasks/turns/turns.service.js';
import { LeasesService } from '../lifecycle/leases.service.js';
import { orUnavailable } from '../or-unavailable.js';
import { SubtasksRepository } from '../subtasks.repository.js';
import type { EventsReceiptDto, ExecutorEventsDto } from './executor-events.dto.js';
import { isSameClaim } from './project-turn.js';
import { reportedEvents } from './reported-events.js';
import { TurnProjector } from './turn-projector.js';

/** Others may write to a stream meanwhile, and then it is read again. */
const MAX_ROUNDS = 20;
const KNOWN_PLACES = 10_000;

/** Where an answer belongs: the stream of its turn, and its position in the task. */
interface Place {
  streamId: number;
  step: number;
}

/** Receives the events of executors, and appends them to the streams of their answers. */
@Injectable()
export class ExecutorEventsService {
  private readonly places = new LRUCache<number, Place>({ max: KNOWN_PLACES });

  constructor(
    private readonly leases: LeasesService,
    private readonly subtasks: SubtasksRepository,
    private readonly turns: TurnsService,
    private readonly log: ClaimedLog,
    private readonly projector: TurnProjector,
    private readonly config: AppConfig,
  ) {}

  /**
   * Appends events to the stream of an answer; those that it has already are left out. Extends the lease as a heartbeat does.
   * @param offer the claim that the caller's token is for; null when a manager calls
   * @throws AppError not_found, validation_failed; events_gap: it misses events before these; subtask_final, lease_lost:
   *   the executor may stop; service_unavailable
   */
  async receive(subtaskId: number, dto: ExecutorEventsDto, offer: number | null): Promise<EventsReceiptDto> {
    const { events, problems } = reportedEvents(dto.events);
    if (problems.length > 0) throw invalid(problems);
    const { lease_expires_at: expiresAt, cancelling } = await this.leases.beat(subtaskId, dto);
    const last = await this.store(subtaskId, dto.first, events, offer);

    return { subtask_id: subtaskId, last, lease_expires_at: expiresAt, cancelling };
  }

  /** @returns number of the newest event that is stored */
  private async store(subtaskId: number, first: number, events: readonly ChatEvent[], offer: number | null) {
    const { offers } = found(await this.subtasks.find(subtaskId), `Subtask ${subtaskId}`);
    if (offer !== null && offer !== offers) throw lost(subtaskId);
    const { streamId, step } = await this.placeOf(subtaskId);
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const stream = await this.open(subtaskId, streamId, { step, number: offers });
      const { from } = stream;
      const fresh = events.slice(Math.max(from + 1 - first, 0));
      if (fresh.length === 0) return from;
      if (first > from + 1) throw gap(from);
      const last = first + events.length - 1;
      const shown = fitting(await toExecutor(this.log.text(stream)), fresh, this.config.chat.maxAnswerBytes);
      if ((await toExecutor(this.log.write(stream, shown, last))) === 'written') return last;
    }
    throw new AppError('service_unavailable', 'The stream of this answer is busy: send the events again', {
      retryAfter: 1,
    });
  }

  /** Returns the stream once it shows the claim. */
  private async open(subtaskId: number, streamId: number, claim: Claim): Promise<ClaimedStream> {
    const stream = this.owned(subtaskId, await toExecutor(this.log.claim(streamId, claim)));
    if (isSameClaim(stream.shown, claim)) return stream;
    await this.projector.sync(subtaskId);

    return this.owned(subtaskId, await toExecutor(this.log.claim(streamId, claim)));
  }

  private owned(subtaskId: number, stream: ClaimedStream | 'ended' | 'fenced'): ClaimedStream {
    if (stream === 'fenced') throw lost(subtaskId);
    if (stream === 'ended') throw new AppError('subtask_final', `Subtask ${subtaskId} has ended: stop working on it`);

    return stream;
  }

  private async placeOf(subtaskId: number): Promise<Place> {
    const known = this.places.get(subtaskId);
    if (known) return known;
    const turn = found(await this.turns.turnOf(subtaskId), `Subtask ${subtaskId}`);
    const place = { streamId: turn.first.id, step: turn.step(subtaskId)?.messageId ?? 0 };
    this.places.set(subtaskId, place);

    return place;
  }
}

const toExecutor = <T>(work: Promise<T>) => orUnavailable('events', work);

/** Cuts the text of events for which an answer has no room. */
function fitting(text: StreamText, events: readonly ChatEvent[], maxBytes: number): ChatEvent[] {
  const answer = new AnswerAccumulator(maxBytes);
  answer.set(text);

  return events.map((event) => {
    const fit = answer.fit(event);
    answer.apply(fit);

    return fit;
  });
}

const lost = (id: number) => new AppError('lease_lost', `Subtask ${id} is not yours any more: stop working on it`);

function gap(last: number): AppError {
  const message = `Events before these are missing: go on with number ${last + 1}, or send "replace" with the whole text as that`;

  return new AppError('events_gap', message, { last });
}
