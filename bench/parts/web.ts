/** The page in Chromium: what it loads, how soon it can be used, and whether it keeps up with answers. */
import { type BenchPage, BrowserLab, type Loaded } from '../browser-lab.js';
import type { Budget, Figure } from '../measure/figure.js';
import type { Lab, Part } from '../lab.js';
import { median, percentile } from '../measure/stats.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const FRAME_MS = 1000 / 60;
const RATE = 200;
const STREAMS = 5;
const LONG_ANSWER_TOKENS = 34_000;
const TYPED = 'What is typed while an answer comes must never lag, however fast it comes. ';

function figureOf(name: string, unit: string, conch: number, budget?: Budget): Figure {
  return { name: `page: ${name}`, unit, relay: Number.NaN, conch, ...(budget && { budget }) };
}

const atMost = (max: number): Budget => ({ of: 'conch', max });
const atLeast = (min: number): Budget => ({ of: 'conch', min });
const script = (tokens: number, rate: number) => `[sim tokens=${tokens} rate=${rate}]`;

/** A first visit, again and again. */
async function firstVisits(own: BrowserLab, rounds: number): Promise<Figure[]> {
  const visits: Loaded[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const visitor = await own.visitor();
    visits.push(await (await own.open(visitor)).loaded());
    await visitor.close();
  }
  const middle = (key: keyof Loaded) => median(visits.map((visit) => visit[key]));

  return [
    figureOf('JavaScript until chat is usable, compressed', 'KiB', middle('js') / KIB, atMost(250)),
    figureOf('style sheets until chat is usable, compressed', 'KiB', middle('css') / KIB),
    figureOf('first paint', 'ms', middle('paint')),
    figureOf('until a question can be sent', 'ms', middle('ready'), atMost(1500)),
  ];
}

async function firstTokens(own: BrowserLab, rounds: number): Promise<Figure[]> {
  const delays: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const visitor = await own.visitor();
    const page = await own.open(visitor);
    await page.ask(script(20, 50));
    delays.push(await page.firstTokenMs());
    await visitor.close();
  }

  return [figureOf('first token, from the wire to the frame', 'ms', median(delays))];
}

/** A long answer at full speed, while the user types. */
async function longAnswer(own: BrowserLab, tokens: number): Promise<Figure[]> {
  const visitor = await own.visitor();
  const page = await own.open(visitor);
  await page.ask(script(tokens, RATE));
  const before = await page.heap();
  await page.longTasks();
  const delays = await typeMeanwhile(page, tokens);
  await page.untilComplete();
  const tasks = await page.longTasks();
  const grown = (await page.heap()) - before;
  await visitor.close();
  const load = `${tokens} tokens at ${RATE} tokens/s`;

  return [
    figureOf(`${load}: longest task`, 'ms', Math.max(0, ...tasks), atMost(100)),
    figureOf(`${load}: heap grown`, 'MiB', grown / MIB, atMost(60)),
    figureOf(`${load}: delay of a key p95`, 'ms', percentile(delays, 0.95), atMost(50)),
  ];
}

/** @returns the delay of each key; those of quick frames, which are not told, count as none */
async function typeMeanwhile(page: BenchPage, tokens: number): Promise<number[]> {
  const rounds = Math.max(1, Math.floor(tokens / RATE / 10));
  for (let round = 0; round < rounds; round += 1) await page.type(TYPED);
  const told = await page.keyDelays();

  return [...told, ...Array<number>(Math.max(0, rounds * TYPED.length - told.length)).fill(0)];
}

async function manyAnswers(own: BrowserLab, seconds: number): Promise<Figure[]> {
  const visitor = await own.visitor();
  const pages: BenchPage[] = [];
  for (let count = 0; count < STREAMS; count += 1) pages.push(await own.open(visitor));
  for (const page of pages) await page.ask(script((seconds + 30) * 50, 50));
  const frames = await pages.at(-1)?.frames(seconds * 1000);
  await visitor.close();
  const load = `${STREAMS} answers in ${STREAMS} tabs at 50 tokens/s`;

  return [
    figureOf(`${load}: time of a frame p50`, 'ms', percentile(frames ?? [], 0.5)),
    figureOf(`${load}: the same p99`, 'ms', percentile(frames ?? [], 0.99)),
  ];
}

/** A conversation of many turns, the last of which is very long. */
async function longConversation(own: BrowserLab, turns: number, seconds: number): Promise<Figure[]> {
  const taskId = await storeTurns(own, turns);
  const visitor = await own.visitor();
  const page = await own.open(visitor, `/chat/${taskId}`);
  await page.untilComplete();
  const frames = await page.framesOfScrolling(seconds * 1000);
  const heap = await page.heap();
  await visitor.close();
  const rate = (frames.length * 1000) / frames.reduce((sum, ms) => sum + ms, 0);
  const load = `${turns} turns and an answer of 200 KB`;

  return [
    figureOf(`${load}: frames while scrolling`, '/s', rate, atLeast(50)),
    figureOf(`${load}: frames that were late`, '%', (100 * late(frames)) / frames.length),
    figureOf(`${load}: heap`, 'MiB', heap / MIB),
  ];
}

const late = (frames: readonly number[]) => frames.filter((ms) => ms > 1.5 * FRAME_MS).length;

async function storeTurns({ server }: BrowserLab, turns: number): Promise<number> {
  let taskId = 0;
  for (let turn = 0; turn <= turns; turn += 1) {
    const prompt = `Question ${turn} ${script(turn === turns ? LONG_ANSWER_TOKENS : 40, 0)}`;
    const reply = await fetch(`${server.base}/api/direct-chat/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt, ...(taskId > 0 && { task_id: taskId }) }),
    });
    if (!reply.ok) throw new Error(`turn ${turn}: HTTP ${reply.status} ${await reply.text()}`);
    taskId = Number(reply.headers.get('x-task-id'));
    await reply.text();
  }

  return taskId;
}

export const web: Part = {
  name: 'web',
  fresh: true,
  async run(lab: Lab): Promise<Figure[]> {
    const { quick, rounds } = lab.options;
    const own = await BrowserLab.open(lab);
    try {
      return [
        ...(await firstVisits(own, quick ? 3 : 2 * rounds + 1)),
        ...(await firstTokens(own, quick ? 3 : 2 * rounds + 1)),
        ...(await longAnswer(own, quick ? 2_000 : 10_000)),
        ...(await manyAnswers(own, quick ? 5 : 15)),
        // 100 turns are 200 messages.
        ...(await longConversation(own, 100, quick ? 3 : 8)),
        ...(quick ? [] : await longConversation(own, 500, 8)),
      ];
    } finally {
      await own.close();
    }
  },
};
