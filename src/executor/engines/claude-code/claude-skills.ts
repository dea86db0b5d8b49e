import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../log.js';
import type { EngineTurn } from '../engine.js';

/** A name that is no path. */
const NAME = /^[\w][\w.-]*$/;

/**
 * Copies the skills of the bots from the image into the home of the workspace, where Claude Code finds them. The image
 * keeps them in `.claude/skills` of its own user; nothing is downloaded.
 */
export function provideSkills({ work, env, home, log }: Pick<EngineTurn, 'work' | 'env' | 'home' | 'log'>): void {
  const names = new Set(work.bots.flatMap(({ skills }) => skills));
  for (const name of names) {
    const from = join(env['HOME'] ?? '/root', '.claude', 'skills', name);
    const to = join(home, '.claude', 'skills', name);
    if (!NAME.test(name) || !existsSync(join(from, 'SKILL.md'))) {
      log.line(`the skill "${name}" is not in the image, and is left out`);
      continue;
    }
    try {
      mkdirSync(join(home, '.claude', 'skills'), { recursive: true });
      cpSync(from, to, { recursive: true });
    } catch (error) {
      log.line(`the skill "${name}" cannot be copied: ${messageOf(error)}`);
    }
  }
}
