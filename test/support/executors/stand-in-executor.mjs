/**
 * Stands in for the executor of the build: reads work from its standard input and reports to the API. What it does is said
 * by the prompt: `[wait]` until it is cancelled, `[deaf]` to cancels too, `[exit=3]`, `[memory]` without end, `[ms=500]`.
 * Its answer is what it found in its container; with `[brief]` its turns alone.
 */
import { Buffer } from 'node:buffer';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** In the workspace. */
const STATE = join(process.cwd(), '.conch');
/** Of this process. */
let turns = 0;

for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === '') continue;
  const work = JSON.parse(line);
  turns += 1;
  await answer(work).catch((error) => process.stderr.write(`${error.message}\n`));
}

async function answer(work) {
  const { prompt } = work;
  const option = (name) => new RegExp(`\\[${name}(?:=(\\d+))?\\]`).exec(prompt);
  mkdirSync(STATE, { recursive: true });
  const file = `${STATE}/turns`;
  const before = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  writeFileSync(file, String(before + 1));
  // Only now: tests end what is at work, and count what it has left behind.
  await report(work, { status: 'RUNNING', progress: 10 });
  if (option('memory')) fillMemory();
  const exit = option('exit');
  if (exit && before === 0) process.exit(Number(exit[1]));
  if (option('deaf')) await sleep(3_600_000);
  if (option('wait')) return untilCancelled(work);
  await sleep(Number(option('ms')?.[1] ?? 0));
  const answered = option('brief') ? { turns, inWorkspace: before + 1 } : found(before + 1);
  await report(work, { status: 'COMPLETED', progress: 100, result: { value: JSON.stringify(answered) } });
}

function found(inWorkspace) {
  const status = readFileSync('/proc/self/status', 'utf8');

  return {
    ...{ turns, inWorkspace, env: process.env, pid1: readFileSync('/proc/1/cmdline', 'utf8') },
    capabilities: /CapEff:\s*(\w+)/.exec(status)[1],
    noNewPrivileges: /NoNewPrivs:\s*(\d)/.exec(status)[1],
    hasEngine: existsSync('/var/run/docker.sock'),
    isProgramWritable: canWrite('/conch/x'),
    isWorkspaceWritable: canWrite('/workspace/x'),
    commands: readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/environ`, 'utf8')),
  };
}

function canWrite(path) {
  try {
    writeFileSync(path, '');

    return true;
  } catch {
    return false;
  }
}

async function untilCancelled(work) {
  for (;;) {
    await sleep(200);
    const { body } = await call(work, 'POST', `/${work.subtask_id}/heartbeat`, {});
    if (body.cancelling) return report(work, { status: 'CANCELLED', progress: 100 });
  }
}

function report(work, body) {
  return call(work, 'PUT', '', { subtask_id: work.subtask_id, executor_name: work.conch.executor_name, ...body });
}

/** Repeated until the API answers. */
async function call(work, method, path, body) {
  for (;;) {
    const reply = await globalThis
      .fetch(`${work.conch.api_url}/executors/tasks${path}`, {
        method,
        headers: { authorization: `Bearer ${work.auth_token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      .catch(() => null);
    if (reply && reply.status < 500) return { status: reply.status, body: await reply.json() };
    await sleep(300);
  }
}

function fillMemory() {
  const all = [];
  for (;;) all.push(Buffer.alloc(16 * 1024 * 1024, 1));
}
