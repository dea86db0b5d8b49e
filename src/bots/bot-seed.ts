import type { JsonObject } from '../common/json.js';
import type { SecretBox } from '../common/secret-box.js';
import { boundModel, sealConfig } from './agent-config.js';
import type { BotRow, NewBot } from './bots.repository.js';

/** A public bot of a seed file. */
export interface BotSeed {
  name: string;
  shellName: string;
  agentConfig: JsonObject;
  systemPrompt: string;
  mcpServers: JsonObject;
  skills: string[];
}

/** Column values of a seed. */
export function seedValues(seed: BotSeed, stored: BotRow | null, box: SecretBox): NewBot {
  const { agentConfig, ...rest } = seed;
  const sealed = sealConfig(agentConfig, box, stored?.agentConfig ?? null);

  return { ...rest, userId: null, agentConfig: sealed, modelName: boundModel(agentConfig), isActive: true };
}
