import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { generatedText } from '../../../tools/simulator/simulator.js';
import { started } from '../api.js';
import { nth } from '../child.js';
import { Follower } from '../streams/follower.js';
import { script, type Stage } from '../stages/stage.js';

const ANSWERS = 10;
const TOKENS = 120;

/** The text of each answer, and its end. */
export const WHOLE = generatedText(TOKENS);
export const WHOLE_END = {
  type: 'done',
  length: WHOLE.length,
  sha256: createHash('sha256').update(WHOLE).digest('hex'),
};

/** Answers of three seconds that run on both servers, each with a reader at each of them. */
export async function startAnswers(stage: Stage): Promise<Follower[]> {
  const apis = stage.servers.map(({ api }) => api);
  const followers = await Promise.all(
    Array.from({ length: ANSWERS }, async (_, index) => {
      const stream = await nth(apis, index % 2).ask(script(`tokens=${TOKENS} rate=40`, `Answer ${index}`));
      const { taskId } = await started(stream);
      const far = await nth(apis, (index + 1) % 2).attach(taskId);
      const servers = [stage.server(1).api];

      return [new Follower(stream, taskId, { servers }), new Follower(far, taskId, { servers })];
    }),
  );

  return followers.flat();
}

/** What may happen to Redis, and to a server. */
export const TROUBLES = [
  'emptied',
  'restarted empty',
  'server killed, restarted empty',
  'server killed',
  'replaced by a lagging replica',
  'out of memory',
] as const;

export type Trouble = (typeof TROUBLES)[number];

/** For how long no write is possible, or a replica lags. */
const TROUBLE_MS = 1_000;

export async function disturb(stage: Stage, trouble: Trouble): Promise<void> {
  const { redis } = stage;
  switch (trouble) {
    case 'emptied':
      await redis.use((client) => client.flushall());

      return;
    case 'restarted empty':
      return redis.restartEmpty();
    case 'server killed, restarted empty':
      await stage.server(0).kill();
      await sleep(700);
      await redis.restartEmpty();

      return stage.revive();
    case 'server killed':
      await stage.server(0).kill();

      return stage.revive();
    case 'replaced by a lagging replica': {
      const replica = await redis.startReplica();
      await replica.stopReplication();
      await sleep(TROUBLE_MS);

      return redis.failOverTo(replica);
    }
    case 'out of memory':
      await redis.exhaustMemory();
      await sleep(TROUBLE_MS);

      return redis.freeMemory();
  }
}
