/** Resident memory of idle servers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { figure } from '../measure/figure.js';
import type { Lab, Part } from '../lab.js';
import type { Server } from '../server.js';

const IDLE_MS = 5_000;
/** As `npm start` leaves it: with the simulator, which the bench does not use otherwise. */
const ENVIRONMENT = { SIMULATOR: 'on' };

async function measure(server: Server): Promise<{ resident: number }> {
  await sleep(IDLE_MS);

  return { resident: server.treeResidentKiB() / 1024 };
}

export const idle: Part = {
  name: 'idle',
  fresh: true,
  async run(lab: Lab) {
    const rounds = await lab.fresh('idle', measure, { variant: null, env: ENVIRONMENT });
    const budget = { of: 'conch', max: 250 } as const;

    return [figure(rounds, 'resident', { name: 'idle: resident memory of all processes', unit: 'MiB', budget })];
  },
};
