/** What a CPU profile says in short: the functions with the most time of their own. */
import { readFile } from 'node:fs/promises';

interface ProfileNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
}

interface CpuProfile {
  nodes: ProfileNode[];
  samples: number[];
  timeDeltas: number[];
}

/** `dispatch` is the profiler itself: what is on the stack while the event loop waits. */
const IDLE = new Set(['(idle)', '(root)', 'dispatch']);

/** `functionName file:line`; the file without what all have in common. */
function placeOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const file = url.replace(/^file:\/\//, '').replace(/^.*\/(node_modules|src)\//, '');

  return `${functionName || '(anonymous)'} ${file && `${file}:${lineNumber + 1}`}`.trim();
}

/** The first `count` functions by self time, and the packages by theirs, as shares of the time that was not idle. */
export async function hotSpots(file: string, count: number): Promise<string> {
  const { nodes, samples, timeDeltas } = JSON.parse(await readFile(file, 'utf8')) as CpuProfile;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const functions = new Map<string, number>();
  const packages = new Map<string, number>();
  let busy = 0;
  samples.forEach((id, index) => {
    const node = byId.get(id);
    if (!node || IDLE.has(node.callFrame.functionName)) return;
    const time = timeDeltas[index] ?? 0;
    busy += time;
    add(functions, placeOf(node), time);
    add(packages, packageOf(node), time);
  });

  return [...lines(packages, busy, 12), '', ...lines(functions, busy, count)].join('\n');
}

function packageOf({ callFrame: { url, functionName } }: ProfileNode): string {
  const inside = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (inside !== undefined) return inside;
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)';

  return url.startsWith('node:') ? 'node' : url.startsWith('wasm') ? 'wasm' : 'conch';
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

function lines(sums: ReadonlyMap<string, number>, total: number, count: number): string[] {
  const sorted = [...sums].sort(([, a], [, b]) => b - a).slice(0, count);

  return sorted.map(([name, time]) => `${((time / total) * 100).toFixed(1).padStart(6)} %  ${name}`);
}
