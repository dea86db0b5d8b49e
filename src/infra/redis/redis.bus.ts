import { Injectable, Logger } from '@nestjs/common';
import { keys } from './keys.js';
import { RedisClients } from './redis-clients.js';

/** Messages between processes. Delivery is at most once: code that depends on a message also reads the state. */
export interface BusMessages {
  /** Stop the run of this subtask. `at`: milliseconds since the epoch of the request. */
  cancel: { subtaskId: number; at: number };
  /** Does a process still run this subtask? Its owner answers with `held`. */
  claim: { subtaskId: number };
  held: { subtaskId: number };
  /** A status update was applied, or was not because the subtask had ended. */
  applied: { subtaskId: number; taskId: number; status: string; applied: boolean };
  /** A model, shell, bot or team was changed: caches are invalid. */
  catalog: Record<string, never>;
  /** An account was changed: caches of it are invalid, and its tokens may be. */
  user: { userName: string };
}

export type BusTopic = keyof BusMessages;

/** Publishes and receives messages between the processes of one installation. */
@Injectable()
export class RedisBus {
  private readonly log = new Logger(RedisBus.name);
  private readonly handlers = new Map<string, ((message: never) => void)[]>();

  constructor(private readonly redis: RedisClients) {
    redis.subscriber.on('message', (channel: string, text: string) => this.deliver(channel, text));
  }

  /** Calls `handler` for every message of the topic; resolves when the subscription is active. */
  async on<Topic extends BusTopic>(topic: Topic, handler: (message: BusMessages[Topic]) => void): Promise<void> {
    const channel = keys.bus(topic);
    const known = this.handlers.get(channel);
    if (known) return void known.push(handler);
    this.handlers.set(channel, [handler]);
    await this.redis.subscriber.subscribe(channel);
  }

  /** Publishes a message to all processes, this one included. @throws when Redis is unreachable */
  async publish<Topic extends BusTopic>(topic: Topic, message: BusMessages[Topic]): Promise<void> {
    await this.redis.commands.publish(keys.bus(topic), JSON.stringify(message));
  }

  private deliver(channel: string, text: string): void {
    for (const handler of this.handlers.get(channel) ?? []) {
      try {
        handler(JSON.parse(text) as never);
      } catch (error) {
        this.log.error(`${channel}: ${(error as Error).message}`);
      }
    }
  }
}
