/** In which wire format the provider answers, and how long its tokens are. */
import type { Via } from './server.js';

/** What a row is measured with. */
export interface Variant {
  via: Via;
  /** Characters per token. */
  size: number;
}

const NAMES: Readonly<Record<Via, string>> = { claude: 'Claude', openai: 'OpenAI', dify: 'Dify' };

/** Both formats and both lengths, in half of the time that all four would take. */
export const DEFAULT_VARIANTS = 'openai-48,claude-4';

/** Reads `openai-48,claude-4`. @throws on what is none */
export function readVariants(text: string): Variant[] {
  return text.split(',').map((one) => {
    const [, via, size] = /^(claude|openai)-(\d+)$/.exec(one) ?? [];
    if (via === undefined || Number(size) < 1) throw new Error(`--variants: ${one} is not of the form openai-48`);

    return { via: via as Via, size: Number(size) };
  });
}

/** `OpenAI, 48 characters` */
export function nameOf({ via, size }: Variant): string {
  return `${NAMES[via]}, ${size} characters`;
}
