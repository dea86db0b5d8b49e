/** The lines of the result, made of what was measured in each round. */
import type { PeerName } from '../server.js';
import { median } from './stats.js';

/** One line of the result. Figures of a server that a part does not measure are NaN. */
export interface Figure {
  name: string;
  unit: string;
  relay: number;
  conch: number;
  peers?: Partial<Record<PeerName, number>>;
  /** Median of the comparisons of each round: `ratio` = conch / relay, `plus` = conch - relay. */
  compared?: { by: 'ratio' | 'plus'; value: number };
  budget?: Budget;
}

/** What a figure should keep to: of Conch's own or, for what is compared, of the comparison. */
export type Budget = { of: 'conch' | 'compared'; max: number } | { of: 'conch'; min: number };

/** Figures of one round of one server, by name. */
export type Round = Record<string, number>;
/** What was measured in each round. */
export type Rounds<T = Round> = { relay: T[]; conch: T[] } & Partial<Record<PeerName, T[]>>;
/** One figure of alternated rounds: medians, and the median of the comparisons of neighbouring rounds. */
export function figure(
  rounds: Rounds,
  key: string,
  about: Pick<Figure, 'name' | 'unit' | 'budget'> & { by?: 'ratio' | 'plus' },
): Figure {
  const { by, ...rest } = about;
  const { relay, conch, ...others } = rounds;
  const valueOf = (round: Round | undefined) => round?.[key] ?? Number.NaN;
  const middle = (values: readonly number[]) => median(values.filter((value) => !Number.isNaN(value)));
  const pairs = conch.map((round, index) => {
    const [value, other] = [valueOf(round), valueOf(relay[index])];

    return by === 'plus' ? value - other : value / other;
  });
  const peers = Object.fromEntries(Object.entries(others).map(([name, of]) => [name, middle(of.map(valueOf))]));

  return {
    ...rest,
    ...{ relay: middle(relay.map(valueOf)), conch: middle(conch.map(valueOf)), peers },
    ...(by && { compared: { by, value: middle(pairs) } }),
  };
}
