import { AgnoEngine } from './agno/agno.engine.js';
import { ClaudeCodeEngine } from './claude-code/claude-code.engine.js';
import { type Engine, EngineError } from './engine.js';

const ENGINES: Readonly<Record<string, () => Engine>> = {
  ClaudeCode: () => new ClaudeCodeEngine(),
  Agno: () => new AgnoEngine(),
};

/** The engine of a shell type. @throws EngineError */
export function engineOf(shellType: string): Engine {
  const make = Object.hasOwn(ENGINES, shellType) ? ENGINES[shellType] : undefined;
  if (make) return make();
  throw new EngineError(
    `Conch's executor knows no shell of the type "${shellType}": use ${Object.keys(ENGINES).join(' or ')}`,
  );
}
