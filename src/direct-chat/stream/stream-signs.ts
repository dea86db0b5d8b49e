import { Injectable } from '@nestjs/common';
import type { ChatEvent, StartEvent } from '../../common/chat-event.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { SIGNS } from './scripts.js';
import { eventsOf } from './stream-text.js';

/** Entries among which the first `start` event is: only places in the queue come before it. */
const HEAD_COUNT = 16;

/** How a stream is doing, as its log knows it. */
export interface StreamSigns {
  /** Name of the process that took it last; null when none has. */
  owner: string | null;
  /** Milliseconds since the newest event, or since the take-over when there was none; null when nobody has taken it. */
  silentMs: number | null;
  /** The newest event. */
  newest: ChatEvent | null;
  /** The event that told which model answers; null when it is not in the log (any more). */
  start: StartEvent | null;
}

type Script = (...args: (string | number)[]) => Promise<string[]>;

/** Looks at streams from outside, for those who wonder why nothing comes. */
@Injectable()
export class StreamSignsReader {
  private readonly script: Script;

  constructor({ commands }: RedisClients) {
    commands.defineCommand('chatSigns', { lua: SIGNS, numberOfKeys: 2 });
    const { chatSigns } = commands as unknown as { chatSigns: Script };
    this.script = chatSigns.bind(commands);
  }

  /** @throws when Redis is away */
  async read(subtaskId: number): Promise<StreamSigns> {
    const answer = await this.script(keys.streamMeta(subtaskId), keys.stream(subtaskId), HEAD_COUNT);
    const [owner = '', at = '', clock = '', head = '', newest = ''] = answer;

    return {
      owner: owner === '' ? null : owner,
      silentMs: at === '' ? null : Math.max(0, Number(clock) - Number(at)),
      newest: eventsOf(newest).at(-1) ?? null,
      start: eventsOf(head).find((event): event is StartEvent => event.type === 'start') ?? null,
    };
  }
}
