import { Injectable } from '@nestjs/common';
import type { ChatEvent } from '../../common/chat-event.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { SIGNS } from '../stream/scripts.js';
import { eventsOf } from '../stream/stream-text.js';

/** How a stream is doing, as its log knows it. */
export interface StreamHealth {
  /** Name of the process that took it last; null when none has. */
  owner: string | null;
  /** Milliseconds since the newest event, or since the take-over when there was none; null when nobody has taken it. */
  silentMs: number | null;
  /** The newest event. */
  newest: ChatEvent | null;
}

type Script = (...args: (string | number)[]) => Promise<string[]>;

/** Looks at streams from outside, for those who wonder why nothing comes. */
@Injectable()
export class StreamHealthReader {
  private readonly script: Script;

  constructor({ commands }: RedisClients) {
    commands.defineCommand('chatSigns', { lua: SIGNS, numberOfKeys: 2 });
    const { chatSigns } = commands as unknown as { chatSigns: Script };
    this.script = chatSigns.bind(commands);
  }

  /** @throws when Redis is away */
  async read(subtaskId: number): Promise<StreamHealth> {
    const answer = await this.script(keys.streamMeta(subtaskId), keys.stream(subtaskId));
    const [owner = '', at = '', clock = '', newest = ''] = answer;

    return {
      owner: owner === '' ? null : owner,
      silentMs: at === '' ? null : Math.max(0, Number(clock) - Number(at)),
      newest: eventsOf(newest).at(-1) ?? null,
    };
  }
}
