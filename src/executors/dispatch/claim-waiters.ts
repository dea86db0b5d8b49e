import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import type { FastifyReply } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gauge } from 'prom-client';
import { TasksChangedEvent } from '../../common/contracts/domain-events.js';
import { logLine } from '../../infra/database/database-errors.js';
import { LivingManagers } from '../managers/living-managers.js';
import { ReleasesService } from '../managers/releases.service.js';
import type { DispatchDto, DispatchQuery } from './dispatch.dto.js';
import { DispatchService } from './dispatch.service.js';

/** For work that other processes have made claimable, and for events that were missed. */
const POLL_MS = 500;
/** Changes of tasks within this time are one: most of them make nothing claimable. */
const PAUSE_MS = 50;

const waitingNow = new Gauge({
  name: 'conch_executor_dispatches_waiting',
  help: 'Requests of executor managers that wait for work',
});

interface Waiter {
  query: DispatchQuery;
  /** Aborted when the client has disconnected. */
  gone: AbortSignal;
  resolve: (dispatched: DispatchDto) => void;
}

const NOTHING: DispatchDto = { tasks: [] };

/**
 * Lets requests for work wait until there is some. They are served one after the other in the order of their arrival, and
 * only as long as there is work, so that a change costs one query when there is none, however many managers wait.
 */
@Injectable()
export class ClaimWaiters implements BeforeApplicationShutdown {
  private readonly log = new Logger(ClaimWaiters.name);
  private readonly waiting = new Set<Waiter>();
  private timer: NodeJS.Timeout | undefined;
  private serving: Promise<void> | null = null;
  private isAskedAgain = false;
  private isStopping = false;

  constructor(
    private readonly dispatches: DispatchService,
    private readonly releases: ReleasesService,
    private readonly managers: LivingManagers,
  ) {}

  /** Claims work, and waits for it as long as the query says. Resolves early when the client disconnects or the server stops. */
  async dispatch(query: DispatchQuery, reply: FastifyReply): Promise<DispatchDto> {
    if (query.manager !== undefined) await this.managers.seen(query.manager);
    if (query.wait === 0) return this.dispatches.dispatch(query);
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const dispatched = await this.claim(query, gone.signal);
    const isPointless = query.task_status !== 'PENDING' || gone.signal.aborted || this.isStopping;
    if (dispatched.tasks.length > 0 || isPointless) return dispatched;

    return this.wait(query, gone.signal);
  }

  /** Serves those that wait: something may have become claimable. */
  @OnEvent(TasksChangedEvent.eventName)
  wake(): void {
    if (this.waiting.size === 0) return;
    this.isAskedAgain = true;
    this.serving ??= this.serveAll().finally(() => (this.serving = null));
  }

  beforeApplicationShutdown(): void {
    this.isStopping = true;
    for (const { resolve } of this.waiting) resolve(NOTHING);
  }

  private wait(query: DispatchQuery, gone: AbortSignal): Promise<DispatchDto> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        ...{ query, gone },
        resolve: (dispatched) => {
          clearTimeout(limit);
          gone.removeEventListener('abort', end);
          this.remove(waiter);
          resolve(dispatched);
        },
      };
      const end = () => waiter.resolve(NOTHING);
      const limit = setTimeout(end, query.wait * 1000);
      gone.addEventListener('abort', end, { once: true });
      this.waiting.add(waiter);
      waitingNow.set(this.waiting.size);
      this.timer ??= setInterval(() => this.wake(), POLL_MS);
    });
  }

  private remove(waiter: Waiter): void {
    this.waiting.delete(waiter);
    waitingNow.set(this.waiting.size);
    if (this.waiting.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private async serveAll(): Promise<void> {
    while (this.isAskedAgain && this.waiting.size > 0) {
      this.isAskedAgain = false;
      try {
        await this.serve();
      } catch (error) {
        this.log.warn(`work was not handed out: ${logLine(error)}; trying again`);
      }
      await sleep(PAUSE_MS);
    }
  }

  private async serve(): Promise<void> {
    const empty = new Set<string>();
    for (const waiter of this.waiting) {
      const { type, manager, task_ids: taskIds } = waiter.query;
      const kind = [type, manager, ...taskIds].join();
      if (empty.has(kind)) continue;
      const dispatched = await this.claim(waiter.query, waiter.gone);
      if (dispatched.tasks.length === 0) empty.add(kind);
      // One whose time was up meanwhile has its reply already.
      else if (this.waiting.has(waiter)) waiter.resolve(dispatched);
      else await this.release(dispatched);
    }
  }

  /** Claims for a client; what was claimed for one that has left meanwhile is offered again at once. */
  private async claim(query: DispatchQuery, gone: AbortSignal): Promise<DispatchDto> {
    const dispatched = await this.dispatches.dispatch(query);
    if (!gone.aborted || dispatched.tasks.length === 0) return dispatched;
    await this.release(dispatched);

    return NOTHING;
  }

  private async release({ tasks }: DispatchDto): Promise<void> {
    for (const { subtask_id: id } of tasks)
      await this.releases.release(id, { reason: 'The manager that asked for it has disconnected' });
  }
}
