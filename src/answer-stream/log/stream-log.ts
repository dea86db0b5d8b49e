import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { PROCESS_NAME } from '../../infra/lifecycle.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { type FrameBatch, batchAfter, joinBatches, RESTATED } from './frames.js';
import { ANNOUNCE, APPEND, BEGIN, LEAVE, SNAPSHOT } from './scripts.js';
import { EMPTY_TEXT, foldFrames, type Snapshot, type StreamText } from './stream-text.js';

/** What the owner of a log writes with. */
export interface LogOwner {
  /** Identifies the log: one that is begun again, because Redis has lost its data, numbers its events anew. */
  born: string;
  /** Grows with every owner of the log, from 1. */
  epoch: number;
}

/** One batch on its way into the log. */
export interface Append {
  subtaskId: number;
  owner: LogOwner;
  batch: FrameBatch;
  /** Accept that the log lost events before this self-contained batch. */
  repair: boolean;
}

/** `followed`: written, and another process reads the stream. */
export type AppendOutcome = 'written' | 'followed' | 'fenced' | 'gap';

/** A log with its new owner. */
export interface BegunLog {
  owner: LogOwner;
  /** Number of the newest event. */
  last: number;
  /** Whether events may have been sent that the log does not have. */
  isRestarted: boolean;
  /** How many owners, this one among them, the log has had since executors have answered; since its beginning if they have not. */
  attempt: number;
  /** Whether executors have answered before, and readers have nothing beyond what they have left. */
  followsExecutors: boolean;
}

export interface StreamState {
  /** Identifies the log; null before it has an owner. */
  born: string | null;
  last: number;
  ended: boolean;
  /** Last event before the answer was restarted; null when it was not. */
  base: number | null;
}

/** Returns the number that proves to an ended answer's reader that nothing is missing. */
export function provenEnd({ last, base }: Pick<StreamState, 'last' | 'base'>): number {
  return base === null ? last : RESTATED + last;
}

type Scripts = Record<
  'chatBegin' | 'chatLeave' | 'chatAppend' | 'chatSnapshot' | 'chatAnnounce',
  (...args: (string | number)[]) => Promise<unknown>
>;

/** Longest life of a log whose run never ends: no run takes a day. */
export const RUNNING_TTL_SECONDS = 86_400;
/** Entries that one read brings: some 100 KB, so that a reader far behind does not hold the whole answer. */
const READ_COUNT = 64;

/** The event logs in Redis: the only class that knows how they are stored. */
@Injectable()
export class StreamLog {
  private readonly scripts: Scripts;
  private readonly endedTtl: number;

  constructor(
    private readonly redis: RedisClients,
    config: AppConfig,
  ) {
    const { commands } = redis;
    commands.defineCommand('chatBegin', { lua: BEGIN, numberOfKeys: 2 });
    commands.defineCommand('chatLeave', { lua: LEAVE, numberOfKeys: 1 });
    commands.defineCommand('chatAppend', { lua: APPEND });
    commands.defineCommand('chatSnapshot', { lua: SNAPSHOT, numberOfKeys: 3 });
    commands.defineCommand('chatAnnounce', { lua: ANNOUNCE });
    this.scripts = commands as unknown as Scripts;
    this.endedTtl = config.chat.streamTtlSeconds;
  }

  /**
   * Makes the caller the owner of a stream, who alone may write it.
   * @param position of the first answer that the caller gives; 0 when it begins the turn
   * @returns `ended` when the stream has ended, `passed` when it is about later answers already
   */
  async begin(subtaskId: number, position: number): Promise<BegunLog | 'ended' | 'passed'> {
    const names = [keys.streamMeta(subtaskId), keys.stream(subtaskId)];
    const answer = await this.scripts.chatBegin(...names, RUNNING_TTL_SECONDS, PROCESS_NAME, position);
    const [epoch, last, born, restarted, attempt, follows] = answer as [number, number, string, number, number, number];
    if (epoch <= 0) return epoch === 0 ? 'ended' : 'passed';

    return { owner: { born, epoch }, last, isRestarted: restarted === 1, attempt, followsExecutors: follows === 1 };
  }

  /** Lets another owner go on behind event `last`. Called when all that was sent is in the log. */
  async leave(subtaskId: number, { epoch, born }: LogOwner, last: number): Promise<void> {
    await this.scripts.chatLeave(keys.streamMeta(subtaskId), epoch, born, last);
  }

  /** Appends all batches, in one script call where the server allows it. Outcomes in the order of the batches. */
  async append(appends: readonly Append[]): Promise<AppendOutcome[]> {
    if (!this.redis.isCluster) return this.appendTogether(appends);

    return (await Promise.all(appends.map((append) => this.appendTogether([append])))).flat();
  }

  private async appendTogether(appends: readonly Append[]): Promise<AppendOutcome[]> {
    const names: string[] = [];
    const values: (string | number)[] = [];
    for (const { subtaskId, owner, batch, repair } of appends) {
      names.push(keys.streamMeta(subtaskId), keys.stream(subtaskId));
      const flags = (batch.terminal ? 't' : '') + (batch.selfContained ? 'r' : '');
      const ttl = batch.terminal ? this.endedTtl : repair ? RUNNING_TTL_SECONDS : '';
      values.push(owner.epoch, batch.first, batch.last, flags, ttl, keys.live(subtaskId), repair ? 1 : 0);
      values.push(batch.text, owner.born);
    }
    const answers = (await this.scripts.chatAppend(names.length, ...names, ...values)) as number[];

    return answers.map((answer) => this.outcomeOf(answer));
  }

  private outcomeOf(answer: number): AppendOutcome {
    if (answer === -1) return 'fenced';
    if (answer === -2) return 'gap';

    // A node of a cluster counts its own subscribers only.
    return answer > 1 || this.redis.isCluster ? 'followed' : 'written';
  }

  /** Replaces the events up to a snapshot by its whole text. */
  async saveSnapshot(subtaskId: number, { epoch, born }: LogOwner, snapshot: Snapshot): Promise<void> {
    const names = [keys.streamMeta(subtaskId), keys.stream(subtaskId), keys.snapshot(subtaskId)];
    await this.scripts.chatSnapshot(...names, epoch, snapshot.seq, RUNNING_TTL_SECONDS, JSON.stringify(snapshot), born);
  }

  /** Returns the text that replaces trimmed events; null when nothing was trimmed. */
  async readSnapshot(subtaskId: number): Promise<Snapshot | null> {
    const json = await this.redis.commands.get(keys.snapshot(subtaskId));

    return json === null ? null : (JSON.parse(json) as Snapshot);
  }

  /** Deletes a log, whose events do not count any more. The next one has another identity: its readers get the whole text. */
  async discard(subtaskId: number): Promise<void> {
    await Promise.all(
      [keys.streamMeta(subtaskId), keys.stream(subtaskId), keys.snapshot(subtaskId)].map((key) =>
        this.redis.commands.del(key),
      ),
    );
  }

  /** Returns the next events after `cursor` in one batch; null when there are none. */
  async read(subtaskId: number, cursor: number): Promise<FrameBatch | null> {
    const entries = await this.redis.commands.xrange(
      keys.stream(subtaskId),
      `${cursor + 1}-0`,
      '+',
      'COUNT',
      READ_COUNT,
    );
    const batches = entries.map(([id, [, first, , flags = '', , text = '']]) => toBatch(first, id, flags, text));

    return batches.length === 0 ? null : joinBatches(gapless(batches));
  }

  /** Returns the text that the events of the log add up to. @param known what an earlier call has returned for the same log */
  async text(subtaskId: number, known: StreamText | null = null): Promise<StreamText> {
    let text = known ?? (await this.trimmedText(subtaskId));
    for (;;) {
      const batch = await this.read(subtaskId, text.seq);
      if (!batch) return text;
      // What follows the known text was replaced by a snapshot.
      if (known && batch.first > text.seq + 1) return this.text(subtaskId);
      text = foldFrames(text, batchAfter(batch, text.seq) ?? batch);
    }
  }

  private async trimmedText(subtaskId: number): Promise<StreamText> {
    const snapshot = await this.readSnapshot(subtaskId);

    return snapshot ? { ...snapshot, last: null } : EMPTY_TEXT;
  }

  /** Returns the state of the log; null when there is none (not begun, or expired). */
  async state(subtaskId: number): Promise<StreamState | null> {
    const fields = ['last', 'term', 'base', 'born'];
    const [last, term, base, born] = await this.redis.commands.hmget(keys.streamMeta(subtaskId), ...fields);
    if (last == null) return null;

    return { born: born ?? null, last: Number(last), ended: term != null, base: base == null ? null : Number(base) };
  }

  /** Appends a `queued` event to each waiting stream whose position has changed. */
  async publishPositions(positions: readonly { subtaskId: number; position: number }[]): Promise<void> {
    const groups = this.redis.isCluster ? positions.map((one) => [one]) : [positions];
    for (const group of groups) {
      if (group.length === 0) continue;
      const names = group.flatMap(({ subtaskId }) => [keys.streamMeta(subtaskId), keys.stream(subtaskId)]);
      const values = group.flatMap(({ subtaskId, position }) => [position, subtaskId, keys.live(subtaskId)]);
      await this.scripts.chatAnnounce(names.length, ...names, RUNNING_TTL_SECONDS, ...values);
    }
  }
}

/** Parses a message of the live channel, `first,last,flags,born\nframes`. */
export function parseLiveMessage(message: string): FrameBatch & { born: string | null } {
  const end = message.indexOf('\n');
  const [first, last, flags = '', born = null] = message.slice(0, end).split(',');

  return { born, ...toBatch(first, last, flags, message.slice(end + 1)) };
}

function toBatch(first: string | undefined, last = '', flags: string, text: string): FrameBatch {
  return {
    first: Number(first),
    last: Number.parseInt(last, 10),
    text,
    terminal: flags.includes('t'),
    selfContained: flags.includes('r'),
  };
}

/** Returns the batches up to the first gap; the rest is read again from there. */
function gapless(batches: FrameBatch[]): FrameBatch[] {
  const end = batches.findIndex((batch, index) => index > 0 && batch.first !== (batches[index - 1]?.last ?? 0) + 1);

  return end === -1 ? batches : batches.slice(0, end);
}
