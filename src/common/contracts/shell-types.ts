import type { ProviderKind } from './chat-provider.js';

export const CHAT_SHELL = 'Chat';
export const DIFY_SHELL = 'Dify';

/** Shell types that answer without a container. */
export const DIRECT_CHAT_SHELLS: readonly string[] = [CHAT_SHELL, DIFY_SHELL];

/** Which models the known shell types can use. A type that is not listed can use all. */
const PROVIDERS_BY_SHELL: ReadonlyMap<string, readonly ProviderKind[]> = new Map([
  ['ClaudeCode', ['claude']],
  ['Agno', ['openai', 'claude']],
  ['Chat', ['claude', 'openai']],
  ['Dify', []],
]);

/** Whether a shell type can use models of a provider. */
export function shellSupportsModel(shellType: string, provider: ProviderKind): boolean {
  return PROVIDERS_BY_SHELL.get(shellType)?.includes(provider) ?? true;
}

/** `Pending`: nothing is known of its image yet; `Unavailable`: it cannot be used. */
export type ShellState = 'Pending' | 'Available' | 'Unavailable';
