/**
 * Preloaded (`node --import`) into every measured server: answers the bench's questions over IPC. It costs a timer of
 * 10 ms, and ends its process when the bench is gone.
 */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** `gc`: memory in use after a full collection. `loop`: delays since the last such question. */
export type Question = { id: number } & (
  { ask: 'gc' } | { ask: 'loop' } | { ask: 'profile-start' } | { ask: 'profile-stop'; file: string }
);

export interface MemoryAnswer {
  /** Resident and the process's own: without files, whose pages come and go as the kernel likes. */
  residentKiB: number;
  /** Heap and buffers outside of it. */
  usedKiB: number;
}

export interface LoopAnswer {
  maxMs: number;
  p99Ms: number;
}

const RESOLUTION_MS = 10;
const COLLECTIONS = 4;

const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
loop.enable();
const session = new Session();

/** Several times with pauses in between: finalizers free what the next collection can take. */
async function collect(): Promise<MemoryAnswer> {
  for (let i = 0; i < COLLECTIONS; i += 1) {
    globalThis.gc?.();
    await sleep(100);
  }
  const { heapUsed, external } = process.memoryUsage();
  const residentKiB = Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);

  return { residentKiB, usedKiB: (heapUsed + external) / 1024 };
}

/** The histogram holds the intervals of a timer, so its period is taken off. */
function readLoop(): LoopAnswer {
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  const answer = { maxMs: late(loop.max), p99Ms: late(loop.percentile(99)) };
  loop.reset();

  return answer;
}

async function startProfile(): Promise<null> {
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 200 });
  await session.post('Profiler.start');

  return null;
}

async function stopProfile(file: string): Promise<null> {
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  await writeFile(file, JSON.stringify(profile));

  return null;
}

function answer(question: Question): unknown {
  switch (question.ask) {
    case 'gc':
      return collect();
    case 'loop':
      return readLoop();
    case 'profile-start':
      return startProfile();
    case 'profile-stop':
      return stopProfile(question.file);
  }
}

process.on('message', (question: Question) => {
  void Promise.resolve(answer(question)).then((value) => process.send?.({ id: question.id, answer: value }));
});
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
// The server's own life decides when it ends.
process.channel?.unref();
