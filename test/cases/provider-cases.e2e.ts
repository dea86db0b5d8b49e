/** Recorded bytes of real providers, gateways and proxies, one case at a time: see cases/README.md. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readCases } from './case.js';
import { problemsOf } from './run.js';
import { endAll } from '../support/child.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import type { Stage } from '../support/stages/stage.js';

/** Cases at a time: most of them wait for the network. */
const JOBS = 6;

describe('what providers send', () => {
  const cases = readCases();
  const problems = new Map<string, string[]>();
  let stage: Stage;

  beforeAll(async () => {
    stage = await sharedStage('embedded');
    const waiting = [...cases];
    const work = async () => {
      for (let kase = waiting.shift(); kase; kase = waiting.shift()) {
        const found = problemsOf(stage.api, kase).catch((error: unknown) => [`could not be run: ${String(error)}`]);
        problems.set(kase.id, await found);
      }
    };
    await Promise.all(Array.from({ length: JOBS }, work));
  });

  afterAll(() => endAll(stage));

  it.each(cases.map(({ id, kind, title }) => [id, kind, title]))('%s (%s): %s', (id) => {
    expect(problems.get(id)).toEqual([]);
  });
});
