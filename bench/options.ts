import { parseArgs } from 'node:util';
import { PEERS } from './peers.js';
import type { PeerName } from './server.js';
import { DEFAULT_VARIANTS, readVariants, type Variant } from './variant.js';

/** How the bench was asked to run. */
export interface Options {
  only: ReadonlySet<string> | null;
  rounds: number;
  quick: boolean;
  variants: readonly Variant[];
  peers: readonly PeerName[];
  postgres: string | undefined;
  /** Directory for CPU profiles; the part `profile` runs only with it. */
  profile: string | undefined;
  json: string | undefined;
}

export const USAGE = `npm run bench -- [options]
  --rows            the rows that the README quotes: idle, turns, unpaced, streams, burst
  --phases          where the cost of a short turn goes
  --only PARTS      of idle, turns, unpaced, streams, burst, dify-streams, dify-unpaced, ttft, cancel, slow, memory,
                    leak, executors, web, profile, phases (by commas; default: all but the last two)
  --rounds N        rounds per server and part (default 3)
  --variants LIST   wire format and characters per token of the rows (default ${DEFAULT_VARIANTS})
  --quick           shorter and fewer: for a first look
  --peers           beside them ${PEERS.join(' and ')}, which are installed into .cache/ first
  --postgres URL    a fresh Postgres database in place of the embedded one
  --profile DIR     where the parts profile and phases leave CPU profiles of Conch
  --json FILE       writes the figures to a file as well`;

/** What README.md quotes. */
const ROWS = ['idle', 'turns', 'unpaced', 'streams', 'burst'];

/** @throws on options that do not exist */
export function readOptions(names: readonly string[]): Options {
  const { values } = parseArgs({
    options: {
      rows: { type: 'boolean', default: false },
      phases: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      variants: { type: 'string', default: DEFAULT_VARIANTS },
      quick: { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
      postgres: { type: 'string' },
      profile: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const only = [...(values.rows ? ROWS : []), ...(values.phases ? ['phases'] : []), ...(values.only?.split(',') ?? [])];
  const unknown = only.filter((name) => !names.includes(name));
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  if (unknown.length > 0) throw new Error(`no such part: ${unknown.join(', ')}`);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be a number from 1');
  const { quick, postgres, profile, json } = values;

  return {
    ...{ only: only.length > 0 ? new Set(only) : null, rounds, quick, postgres, profile, json },
    variants: readVariants(values.variants),
    peers: values.peers ? PEERS : [],
  };
}
