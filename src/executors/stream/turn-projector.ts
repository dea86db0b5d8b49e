import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Semaphore } from '../../common/async/semaphore.js';
import { type Claim, ClaimedLog, type ClaimedStream } from '../../answer-stream/log/claimed-log.js';
import { logLine } from '../../infra/database/database-errors.js';
import type { AnswerTurn, SubtaskRow } from '../../tasks/turns/answer-turn.js';
import { TurnsService } from '../../tasks/turns/turns.service.js';
import { claimOf, eventsTo, isSameClaim, targetOf } from './project-turn.js';
import { StepLabels } from './step-labels.js';

/** Streams that one process brings up to date at a time. */
const AT_A_TIME = 8;
/** Others may write to a stream meanwhile, and then it is read again. */
const MAX_ROUNDS = 20;
const MAX_FAILURES = 5;
const RETRY_MS = 1_000;

interface Pending {
  done: Promise<void>;
  /** Whether something has changed since it was begun. */
  isStale: boolean;
  /** Whether the answer was claimed just now. */
  isClaim: boolean;
}

/**
 * Makes the streams of executors' answers show what the database has, which always comes first: reports of whole results,
 * claims, ends. However often and by however many processes a stream is brought up to date, each event is written once.
 */
@Injectable()
export class TurnProjector {
  private readonly logger = new Logger(TurnProjector.name);
  private readonly slots = new Semaphore(AT_A_TIME);
  private readonly pending = new Map<number, Pending>();

  constructor(
    private readonly turns: TurnsService,
    private readonly log: ClaimedLog,
    private readonly labels: StepLabels,
  ) {}

  /**
   * Brings the stream of a turn up to date. Calls meanwhile are answered by one more round. Never throws: while a store is
   * away this is tried again for some seconds, later by the watch of its readers.
   * @param subtaskId any answer of the turn
   * @param isClaim whether it was claimed just now
   */
  sync(subtaskId: number, isClaim = false): Promise<void> {
    const known = this.pending.get(subtaskId);
    if (known) {
      known.isStale = true;
      known.isClaim ||= isClaim;

      return known.done;
    }
    const pending: Pending = { done: Promise.resolve(), isStale: true, isClaim };
    this.pending.set(subtaskId, pending);
    pending.done = this.work(subtaskId, pending);

    return pending.done;
  }

  private async work(subtaskId: number, pending: Pending): Promise<void> {
    for (let failures = 0; pending.isStale && failures < MAX_FAILURES;) {
      pending.isStale = false;
      try {
        await this.inTurn(() => this.project(subtaskId, pending.isClaim));
      } catch (error) {
        this.logger.warn(`subtask ${subtaskId}: its stream is not up to date: ${logLine(error)}`);
        failures += 1;
        pending.isStale = true;
        await sleep(RETRY_MS, undefined, { ref: false });
      }
    }
    this.pending.delete(subtaskId);
  }

  private async inTurn(work: () => Promise<void>): Promise<void> {
    const release = await this.slots.acquire();
    try {
      await work();
    } finally {
      release();
    }
  }

  /** @throws when a store is away */
  private async project(subtaskId: number, isClaim: boolean): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const turn = await this.turns.turnOf(subtaskId);
      const target = turn && targetOf(turn);
      if (!turn || !target) return;
      const claim = claimOf(target);
      const isFirst = isClaim && target.id === turn.first.id && target.offers === 1;
      const stream = await this.log.claim(turn.first.id, claim, isFirst);
      if (stream === 'ended' || stream === 'fenced') return;
      if (await this.write(turn, target, claim, stream)) return;
    }
  }

  /** @returns false when others have written meanwhile */
  private async write(turn: AnswerTurn, target: SubtaskRow, claim: Claim, stream: ClaimedStream): Promise<boolean> {
    const { shown, from } = stream;
    const isShown = isSameClaim(shown, claim);
    const startOf = await this.labels.of(turn);
    const text = await this.log.text(stream);
    const events = eventsTo({ turn, target, shown, text, isLive: isShown && from > 0, startOf });

    return events.length === 0 || (await this.log.write(stream, events)) === 'written';
  }
}
