/** The figures as text. */
import { cpus, loadavg } from 'node:os';
import type { Figure } from './figure.js';
import type { PeerName } from '../server.js';

/** Whether a figure keeps its budget; null when it has none, or could not be measured. */
export function keeps({ budget, conch, compared }: Figure): boolean | null {
  if (!budget) return null;
  const value = 'min' in budget || budget.of === 'conch' ? conch : (compared?.value ?? Number.NaN);
  if (Number.isNaN(value)) return null;

  return 'min' in budget ? value >= budget.min : value <= budget.max;
}

/** What is said beside the figures. */
export interface About {
  command: string;
  peers: readonly PeerName[];
  notes: readonly string[];
}

const PEER_TITLES: Readonly<Record<PeerName, string>> = { portkey: 'Portkey', 'ai-sdk': 'AI SDK' };

/** A Markdown table with the conditions above it. */
export function report(figures: readonly Figure[], { command, peers, notes }: About): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const lines = figures.map((figure) => {
    const { name, relay, conch, unit } = figure;
    const others = peers.map((peer) => number(figure.peers?.[peer] ?? Number.NaN, unit));

    return row([name, number(relay, unit), number(conch, unit), compared(figure), ...others, verdict(figure)]);
  });
  const machine = `${cpus().length} x ${cpus()[0]?.model.trim()}, load average ${loadavg()[2]?.toFixed(1)}`;
  const titles = peers.map((peer) => PEER_TITLES[peer]);

  return [
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${machine}: \`${command}\``,
    '',
    row(['', 'bare relay', 'Conch', '', ...titles, 'budget']),
    `|---|--:|--:|--:|${'--:|'.repeat(titles.length)}---|`,
    ...lines,
    '',
    ...notes.map((note) => `- ${note}`),
    '',
  ].join('\n');
}

function number(value: number, unit: string): string {
  if (!Number.isFinite(value)) return '';

  return `${digits(value)} ${unit}`.trimEnd();
}

function digits(value: number): string {
  const size = Math.abs(value);

  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

function compared({ compared: by, unit }: Figure): string {
  if (!by || !Number.isFinite(by.value)) return '';

  return by.by === 'ratio' ? `${by.value.toFixed(2)}x` : `${by.value < 0 ? '' : '+'}${digits(by.value)} ${unit}`;
}

function verdict(figure: Figure): string {
  const { budget, compared: by, unit } = figure;
  if (!budget) return '';
  if ('min' in budget) return `≥ ${budget.min} ${unit}: ${outcome(figure)}`;
  const limit =
    budget.of === 'conch' || by?.by === 'plus'
      ? `${budget.of === 'conch' ? '' : '+'}${budget.max} ${unit}`
      : `${budget.max}x`;

  return `≤ ${limit.trimEnd()}: ${outcome(figure)}`;
}

/** A limit that the bare relay misses as well is the machine's: it says nothing of Conch. */
function outcome(figure: Figure): string {
  const kept = keeps(figure);
  if (kept === null) return 'not measured';
  if (kept) return 'kept';
  const { budget, relay } = figure;

  return budget && 'max' in budget && budget.of === 'conch' && relay > budget.max
    ? 'open (the relay misses it too)'
    : '**missed**';
}
