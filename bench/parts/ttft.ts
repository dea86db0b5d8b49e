/** Time to the first token of a server that does nothing else: one request after the other, both servers by turns. */
import type { Figure } from '../measure/figure.js';
import type { Lab, Part } from '../lab.js';
import { allRight, LoadStream } from '../load.js';
import type { Server } from '../server.js';
import { percentile } from '../measure/stats.js';

const SCRIPT = { tokens: 5, rate: 0 };
/** So many requests of each server come first: V8 compiles what a request needs, bit by bit, over its first hundreds. */
const WARM_UP = 500;

async function firstToken(server: Server): Promise<number> {
  const stream = new LoadStream(server, SCRIPT);
  await allRight(server, [stream]);

  return stream.firstAt - stream.openedAt;
}

export const ttft: Part = {
  name: 'ttft',
  async run({ relay, conch, options }: Lab): Promise<Figure[]> {
    const times = { relay: [] as number[], conch: [] as number[] };
    const requests = (options.quick ? 100 : 200) * options.rounds;
    for (let i = -WARM_UP; i < requests; i += 1) {
      const round = { relay: await firstToken(relay), conch: await firstToken(conch) };
      if (i < 0) continue;
      times.relay.push(round.relay);
      times.conch.push(round.conch);
    }
    const at = (share: number, max?: number): Figure => {
      const of = { relay: percentile(times.relay, share), conch: percentile(times.conch, share) };

      return {
        name: `time to first token p${share * 100}`,
        unit: 'ms',
        ...of,
        compared: { by: 'plus', value: of.conch - of.relay },
        ...(max !== undefined && { budget: { of: 'compared', max } }),
      };
    };

    return [at(0.5, 8), at(0.99)];
  },
};
