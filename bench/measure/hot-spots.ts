/** What a CPU profile says in short: where the time goes, by package, function, and room of Conch. */
import { readFile } from 'node:fs/promises';

interface ProfileNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
  children?: number[];
}

interface CpuProfile {
  nodes: ProfileNode[];
  samples: number[];
  timeDeltas: number[];
  /** Microseconds of the monotonic clock. */
  startTime: number;
}

/** One sample that was not idle. */
export interface Sample {
  /** Milliseconds of the monotonic clock. */
  at: number;
  /** Milliseconds that it stands for. */
  ms: number;
  /** The function that ran, and where it is. */
  place: string;
  /** The package that it is part of. */
  package: string;
  /** On whose behalf: the room of the innermost function of Conch on the stack; without one, the outermost package. */
  area: string;
}

/** `dispatch` is the profiler itself: what is on the stack while the event loop waits. */
const IDLE = new Set(['(idle)', '(root)', 'dispatch']);
/** Of one sample. A longer gap tells that the thread had no CPU: the machine did something else. */
const MAX_GAP_MS = 0.3;
const SOURCE = /\/dist\/src\/(.+?)\.js$/;

/** The samples of a profile. */
export async function readSamples(file: string): Promise<Sample[]> {
  const { nodes, samples, timeDeltas, startTime } = JSON.parse(await readFile(file, 'utf8')) as CpuProfile;
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)));
  const about = new Map(nodes.map((node) => [node.id, { node, names: namesOf(node, parents) }]));
  let at = startTime / 1000;

  return samples.flatMap((id, index) => {
    const gapMs = (timeDeltas[index] ?? 0) / 1000;
    at += gapMs;
    const ms = Math.min(gapMs, MAX_GAP_MS);
    const found = about.get(id);

    return found && !IDLE.has(found.node.callFrame.functionName) ? [{ at, ms, ...found.names }] : [];
  });
}

/** The packages by self time, the rooms by whose behalf it was, and the first `count` functions, as shares of the time that was not idle. */
export function hotSpots(samples: readonly Sample[], count: number): string {
  const byPackage = sumBy(samples, (sample) => sample.package);
  const byPlace = sumBy(samples, ({ place }) => place);
  const total = samples.reduce((sum, { ms }) => sum + ms, 0);

  const byArea = sumBy(samples, ({ area }) => area);

  return [...lines(byPackage, total, 20), '', ...lines(byArea, total, 30), '', ...lines(byPlace, total, count)].join(
    '\n',
  );
}

/** Milliseconds by key. */
export function sumBy(samples: readonly Sample[], keyOf: (sample: Sample) => string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const sample of samples) sums.set(keyOf(sample), (sums.get(keyOf(sample)) ?? 0) + sample.ms);

  return sums;
}

function namesOf(node: ProfileNode, parents: ReadonlyMap<number, ProfileNode>): Omit<Sample, 'at' | 'ms'> {
  const stack: ProfileNode[] = [];
  for (let one: ProfileNode | undefined = node; one; one = parents.get(one.id)) stack.push(one);

  return { place: placeOf(node), package: packageOf(node), area: areaOf(stack) };
}

/** @param stack innermost function first */
function areaOf(stack: readonly ProfileNode[]): string {
  const own = stack.map(({ callFrame }) => SOURCE.exec(callFrame.url)?.[1]).find((path) => path !== undefined);
  if (own !== undefined) return own.includes('/') ? own.slice(0, own.lastIndexOf('/')) : own;
  const packages = stack.map(packageOf).reverse();

  return packages.find((name) => !['node', '(native)', '(root)'].includes(name)) ?? outermost(stack);
}

/** Where Node itself begins: `node: stream_base_commons`. */
function outermost(stack: readonly ProfileNode[]): string {
  const first = stack.findLast(({ callFrame }) => callFrame.url.startsWith('node:'));

  return first ? first.callFrame.url : packageOf(stack[0] as ProfileNode);
}

/** `functionName file:line`; the file without what all have in common. */
function placeOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const file = url.replace(/^file:\/\//, '').replace(/^.*\/(node_modules|src)\//, '');

  return `${functionName || '(anonymous)'} ${file && `${file}:${lineNumber + 1}`}`.trim();
}

function packageOf({ callFrame: { url, functionName } }: ProfileNode): string {
  const inside = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (inside !== undefined) return inside;
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)';

  return url.startsWith('node:') ? 'node' : url.startsWith('wasm') ? 'wasm' : 'conch';
}

function lines(sums: ReadonlyMap<string, number>, total: number, count: number): string[] {
  const sorted = [...sums].sort(([, a], [, b]) => b - a).slice(0, count);

  return sorted.map(([name, time]) => `${((time / total) * 100).toFixed(1).padStart(6)} %  ${name}`);
}
