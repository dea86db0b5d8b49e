import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import { Semaphore } from '../../common/async/semaphore.js';

const AT_A_TIME = 2;
const MAX_WAITING = 8;

interface Line {
  slots: Semaphore;
  /** That run or wait. */
  probes: number;
}

/** Limits how many probes of foreign servers each user runs at a time, in this process: a few wait, more are refused. */
@Injectable()
export class ProbeSlots {
  private readonly lines = new Map<number, Line>();

  /** @throws AppError too_many_probes, and what `probe` throws */
  async run<T>(userId: number, probe: () => Promise<T>): Promise<T> {
    const line = this.lines.get(userId) ?? { slots: new Semaphore(AT_A_TIME), probes: 0 };
    if (line.probes >= AT_A_TIME + MAX_WAITING) {
      const message = `${AT_A_TIME} tests of yours run and ${MAX_WAITING} wait: wait for the end of one`;
      throw new AppError('too_many_probes', message, { retryAfter: 2 });
    }
    line.probes += 1;
    this.lines.set(userId, line);
    const release = await line.slots.acquire();
    try {
      return await probe();
    } finally {
      release();
      line.probes -= 1;
      if (line.probes === 0) this.lines.delete(userId);
    }
  }
}
