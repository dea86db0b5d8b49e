import { parseArgs } from 'node:util';

/** How the bench was asked to run. */
export interface Options {
  only: ReadonlySet<string> | null;
  rounds: number;
  quick: boolean;
  postgres: string | undefined;
  /** Directory for CPU profiles; the part `profile` runs only with it. */
  profile: string | undefined;
  json: string | undefined;
}

export const USAGE = `npm run bench -- [options]
  --only PARTS      of paced, unpaced, dify-paced, dify-unpaced, ttft, profile, cancel, memory, slow, many, leak,
                    executors, web (by commas; default: all)
  --rounds N        rounds per server and part (default 3)
  --quick           shorter and fewer: for a first look
  --postgres URL    a fresh Postgres database in place of the embedded one
  --profile DIR     where the part profile leaves CPU profiles of Conch; it lists what is hot
  --json FILE       writes the figures to a file as well`;

/** @throws on options that do not exist */
export function readOptions(names: readonly string[]): Options {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      postgres: { type: 'string' },
      profile: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const only = values.only === undefined ? null : new Set(values.only.split(','));
  const unknown = [...(only ?? [])].filter((name) => !names.includes(name));
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  if (unknown.length > 0) throw new Error(`no such part: ${unknown.join(', ')}`);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be a number from 1');

  return { only, rounds, quick: values.quick, postgres: values.postgres, profile: values.profile, json: values.json };
}
