import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type FakeClock, fakeClock } from '../common/async/fake-clock.testing.js';
import { type ResolvedTeam, ResolvedTeams } from './resolved-teams.js';

const team = (id: number): ResolvedTeam => ({ id, name: `team ${id}`, mode: 'pipeline', members: [] });

function deferred() {
  let resolve!: (team: ResolvedTeam) => void;
  const promise = new Promise<ResolvedTeam>((settle) => (resolve = settle));

  return { promise, resolve };
}

describe('ResolvedTeams', () => {
  let clock: FakeClock;
  let teams: ResolvedTeams;

  beforeEach(() => {
    clock = fakeClock();
    teams = new ResolvedTeams();
  });
  afterEach(() => clock.restore());

  it('loads once for all that ask at the same time, and again after five seconds', async () => {
    const load = jest.fn(() => Promise.resolve(team(1)));
    await Promise.all([teams.get('a', load), teams.get('a', load)]);
    clock.advance(4_999);
    await teams.get('a', load);
    expect(load).toHaveBeenCalledTimes(1);
    clock.advance(2);
    await teams.get('a', load);
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('does not cache failures', async () => {
    await expect(teams.get('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    await expect(teams.get('a', () => Promise.resolve(team(1)))).resolves.toEqual(team(1));
  });

  it('does not cache what was loaded before a change', async () => {
    const { promise, resolve } = deferred();
    const before = teams.get('a', () => promise);
    teams.clear();
    resolve(team(1));
    await expect(before).resolves.toEqual(team(1));
    await expect(teams.get('a', () => Promise.resolve(team(2)))).resolves.toEqual(team(2));
  });

  it('within a transaction waits for no query but its own', async () => {
    const { promise, resolve } = deferred();
    const other = teams.get('a', () => promise);
    await expect(teams.getWithin('a', () => Promise.resolve(team(2)))).resolves.toEqual(team(2));
    resolve(team(1));
    await expect(other).resolves.toEqual(team(1));
    await expect(teams.getWithin('a', () => Promise.resolve(team(3)))).resolves.toEqual(team(2));
  });
});
