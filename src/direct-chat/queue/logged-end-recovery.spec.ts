import { describe, expect, it } from '@jest/globals';
import type { TaskUpdate } from '../../tasks/tasks.jobs.js';
import type { TaskUpdatesService } from '../../tasks/status/task-updates.service.js';
import { RESTATED } from '../../answer-stream/log/frames.js';
import type { StreamLog } from '../../answer-stream/log/stream-log.js';
import { LoggedEndRecovery } from './lost-run.sweeper.js';

describe('LoggedEndRecovery', () => {
  async function reported(base: number | null): Promise<TaskUpdate[]> {
    const updates: TaskUpdate[] = [];
    const last = { type: 'cancelled', cancelled: true, proof: { while: 'running' } };
    const log = {
      state: () => Promise.resolve({ born: '100', last: 18, ended: true, base }),
      text: () => Promise.resolve({ seq: 18, content: 'Hel', reasoning: '', last }),
    } as unknown as StreamLog;
    const service = {
      enqueue: (update: TaskUpdate) => {
        updates.push(update);

        return Promise.resolve();
      },
    } as unknown as TaskUpdatesService;
    expect(await new LoggedEndRecovery(log, service).report(7)).toBe(true);

    return updates;
  }

  it('reports the end with its number', async () => {
    expect(await reported(null)).toMatchObject([{ subtaskId: 7, status: 'CANCELLED', terminal: { seq: 18 } }]);
  });

  it('reports the end of a restarted answer with the number that proves it', async () => {
    expect(await reported(13)).toMatchObject([{ subtaskId: 7, terminal: { seq: RESTATED + 18 } }]);
  });
});
