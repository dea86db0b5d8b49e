import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { pollUntil } from '../../common/poll-until.js';
import { AppError } from '../../common/app-error.js';
import type { DifyConnection, DifyRun, DifyStop } from '../../common/dify.js';
import { DifyClient } from '../client/dify.client.js';

/**
 * The caller of a cancel waits for it. Dify looks for stops once a second; whether it does for a run that waits for a
 * person is not said, so that one is not looked at for longer, however long others are.
 */
const VERIFY_MS = 1_500;
const VERIFY_EVERY_MS = 250;
const AGAIN_MS = 300;
/** States of a workflow's run in which it does nothing any more. */
export const ENDED: ReadonlySet<unknown> = new Set(['succeeded', 'failed', 'stopped', 'partial-succeeded']);

/** Stops runs at Dify. */
@Injectable()
export class DifyStopper {
  constructor(private readonly client: DifyClient) {}

  /** Stops a run whose stream nobody reads. Never fails. */
  async stop(connection: DifyConnection, run: DifyRun, user: string): Promise<DifyStop> {
    if (!(await this.send(connection, run, user))) return 'failed';

    return this.verify(connection, run, Date.now() + VERIFY_MS);
  }

  /** Asks Dify to stop, once more when that fails: a run that goes on costs. @returns whether it was told */
  async send(connection: DifyConnection, { mode, taskId }: DifyRun, user: string): Promise<boolean> {
    if (taskId === undefined) return false;
    const stop = () => this.client.stop(connection, mode, taskId, user);
    const again = async (error: unknown) => {
      if (!(error instanceof AppError) || !error.retryable) throw error;
      await sleep(AGAIN_MS);
      await stop();
    };

    return stop()
      .catch(again)
      .then(
        () => true,
        () => false,
      );
  }

  /** Whether the run of a workflow or chatflow has ended, looked at until a time. Other apps have no state to look at. */
  async verify(connection: DifyConnection, { runId }: DifyRun, until: number): Promise<DifyStop> {
    if (runId === undefined) return 'sent';
    const pausedUntil = Date.now() + VERIFY_MS;
    const look = async () => {
      const detail = await this.client.runDetail(connection, runId).catch(() => null);
      if (ENDED.has(detail?.['status'])) return 'confirmed';
      const isPaused = detail?.['status'] === 'paused';

      return !detail || (isPaused && Date.now() >= pausedUntil) ? 'sent' : undefined;
    };

    return (await pollUntil(look, { everyMs: VERIFY_EVERY_MS, timeoutMs: until - Date.now() })) ?? 'sent';
  }
}
