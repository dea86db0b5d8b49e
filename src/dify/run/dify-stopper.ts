import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { pollUntil } from '../../common/async/poll-until.js';
import { AppError } from '../../common/app-error.js';
import type { DifyConnection, DifyRun, DifyStop } from '../../common/contracts/dify.js';
import { DifyClient } from '../client/dify.client.js';

/**
 * The caller of a cancel waits for it. Dify checks for stops once a second; for a run that waits for a person this is not
 * documented, so such a run is polled no longer than this.
 */
const VERIFY_MS = 1_500;
const VERIFY_EVERY_MS = 250;
const AGAIN_MS = 300;
/** States of a workflow's run that has ended. */
export const ENDED: ReadonlySet<unknown> = new Set(['succeeded', 'failed', 'stopped', 'partial-succeeded']);

/** Stops runs at Dify. */
@Injectable()
export class DifyStopper {
  constructor(private readonly client: DifyClient) {}

  /** Stops a run whose stream is not read. Never fails. */
  async stop(connection: DifyConnection, run: DifyRun, user: string): Promise<DifyStop> {
    if (!(await this.send(connection, run, user))) return 'failed';

    return this.verify(connection, run, Date.now() + VERIFY_MS);
  }

  /** Requests a stop, once more when that fails: a running run costs. @returns whether Dify has accepted it */
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

  /** Polls until a time whether the run of a workflow or chatflow has ended. Other apps have no state to poll. */
  async verify(connection: DifyConnection, { runId }: DifyRun, until: number): Promise<DifyStop> {
    if (runId === undefined) return 'sent';
    const pausedUntil = Date.now() + VERIFY_MS;
    const check = async () => {
      const detail = await this.client.runDetail(connection, runId).catch(() => null);
      if (ENDED.has(detail?.['status'])) return 'confirmed';
      const isPaused = detail?.['status'] === 'paused';

      return !detail || (isPaused && Date.now() >= pausedUntil) ? 'sent' : undefined;
    };

    return (await pollUntil(check, { everyMs: VERIFY_EVERY_MS, timeoutMs: until - Date.now() })) ?? 'sent';
  }
}
