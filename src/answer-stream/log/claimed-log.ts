import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type ChatEvent, isTerminal } from '../../common/contracts/chat-event.js';
import { AppConfig } from '../../config/app-config.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { CLAIM, WRITE } from './claim-scripts.js';
import { frame } from './frames.js';
import { isWorthCompacting } from './pending-append.js';
import { type LogOwner, RUNNING_TTL_SECONDS, StreamLog } from './stream-log.js';
import { EMPTY_TEXT, foldFrames, shownSubtask, type StreamText } from './stream-text.js';

/** A claim of an answer by an executor. Of two claims the later one is that of a later answer, or the one with the greater number. */
export interface Claim {
  /** Position of the answer in its task. */
  step: number;
  /** How often the answer has been claimed. */
  number: number;
}

/** A log that a claim owns, as it was read. */
export interface ClaimedStream {
  subtaskId: number;
  claim: Claim;
  owner: LogOwner;
  /** Number of the newest event. */
  last: number;
  /** Newest number of the events that the executor has sent. */
  from: number;
  /** The claim that the events of the log are about; null when none is shown yet. */
  shown: Claim | null;
}

/** `fenced`: a newer claim, or a run of direct chat, owns the log, or it has ended; `gap`: others have written meanwhile. */
export type WriteOutcome = 'written' | 'fenced' | 'gap';

type Scripts = Record<'claimLog' | 'writeClaimed', (...args: (string | number)[]) => Promise<unknown>>;

/** Characters of all cached texts. */
const CACHED_CHARS = 32 * 1024 * 1024;

/**
 * Logs of answers that executors give. Their owner is a claim, not a process: each replica of the API may write for it,
 * where it has read everything before. Nothing is sent to readers that the log does not have.
 */
@Injectable()
export class ClaimedLog {
  private readonly scripts: Scripts;
  private readonly endedTtl: number;
  /** Texts by stream, so that a report does not read the whole log again. */
  private readonly texts = new LRUCache<number, { born: string; text: StreamText }>({
    maxSize: CACHED_CHARS,
    sizeCalculation: ({ text }) => 1_000 + text.content.length + text.reasoning.length,
  });

  constructor(
    redis: RedisClients,
    private readonly log: StreamLog,
    config: AppConfig,
  ) {
    const { commands } = redis;
    commands.defineCommand('claimLog', { lua: CLAIM, numberOfKeys: 2 });
    commands.defineCommand('writeClaimed', { lua: WRITE, numberOfKeys: 2 });
    this.scripts = commands as unknown as Scripts;
    this.endedTtl = config.chat.streamTtlSeconds;
  }

  /**
   * Makes a claim the owner of a stream, which it may be already.
   * @param isFirst whether the stream cannot have had events that Redis has lost
   * @returns `ended` when the stream has ended, `fenced` when a newer claim or a run of direct chat owns it
   */
  async claim(subtaskId: number, claim: Claim, isFirst = false): Promise<ClaimedStream | 'ended' | 'fenced'> {
    const values = [claim.step, claim.number, RUNNING_TTL_SECONDS, isFirst ? 1 : 0];
    const answer = await this.scripts.claimLog(keys.streamMeta(subtaskId), keys.stream(subtaskId), ...values);
    const [epoch, last, born, from, shown] = answer as [number, number, string, number, string];
    if (epoch <= 0) return epoch === 0 ? 'ended' : 'fenced';

    return { subtaskId, claim, owner: { born, epoch }, last, from, shown: claimOf(shown) };
  }

  /**
   * Appends events that are about the claimed answer.
   * @param from newest number of the executor's events with these; unchanged when missing
   */
  async write(stream: ClaimedStream, events: readonly ChatEvent[], from?: number): Promise<WriteOutcome> {
    const { subtaskId, owner, claim } = stream;
    const last = stream.last + events.length;
    const text = events.map((event, index) => frame(subtaskId, stream.last + 1 + index, event)).join('');
    const ends = isTerminal(events.at(-1) ?? { type: '' });
    const [outcome, bytes] = (await this.scripts.writeClaimed(
      ...[keys.streamMeta(subtaskId), keys.stream(subtaskId), owner.epoch, owner.born, stream.last, last],
      ...[ends ? 't' : '', ends ? this.endedTtl : RUNNING_TTL_SECONDS, keys.live(subtaskId), text],
      ...[from ?? '', `${claim.step}:${claim.number}`],
    )) as [number, number];
    if (outcome !== 1) return outcome === -1 ? 'fenced' : 'gap';
    if (ends) this.texts.delete(subtaskId);
    else await this.written(stream, text, last, bytes);

    return 'written';
  }

  /** Returns the text that the events of a log add up to. */
  async text({ subtaskId, owner, last }: ClaimedStream): Promise<StreamText> {
    if (last === 0) return EMPTY_TEXT;
    const known = this.texts.get(subtaskId);
    const isUsable = known?.born === owner.born && known.text.seq <= last;
    const text =
      isUsable && known.text.seq === last ? known.text : await this.log.text(subtaskId, isUsable ? known.text : null);
    this.texts.set(subtaskId, { born: owner.born, text });

    return text;
  }

  /** Keeps the text after a write, and replaces the events of the log by it when they are much larger. */
  private async written({ subtaskId, owner, last }: ClaimedStream, frames: string, seq: number, bytes: number) {
    const known = this.texts.get(subtaskId);
    if (known?.born !== owner.born || known.text.seq !== last) return;
    const text = foldFrames(known.text, { text: frames, last: seq });
    this.texts.set(subtaskId, { born: owner.born, text });
    if (!isWorthCompacting(bytes, text.content.length + text.reasoning.length)) return;
    const { last: _event, ...snapshot } = text;
    await this.log.saveSnapshot(subtaskId, owner, { ...snapshot, subtaskId: shownSubtask(subtaskId, text) });
  }
}

function claimOf(shown: string): Claim | null {
  const [step, number] = shown.split(':');

  return step && number ? { step: Number(step), number: Number(number) } : null;
}
