/** Servers that others have made, in the same rows. `scripts/lib/peers.mjs` installs them. */
import { fileURLToPath } from 'node:url';
import { Child } from './child.js';
import { type PeerName, Server, type Target } from './server.js';
import { NODE_ARGS, type Provider } from './servers.js';

/** In the order of the report. */
export const PEERS: readonly PeerName[] = ['portkey', 'ai-sdk'];

const installed = (name: string) => fileURLToPath(new URL(`../../.cache/bench-peers/${name}`, import.meta.url));
const messages = (content: string) => ({ model: 'sim', stream: true, messages: [{ role: 'user', content }] });

/** Starts a peer that asks the provider. */
export function startPeer(name: PeerName, provider: Provider): Promise<Server> {
  return name === 'portkey' ? startPortkey(provider) : startAiSdk(provider);
}

/** Passes the events of the provider on. */
async function startPortkey({ url }: Provider): Promise<Server> {
  const child = await Child.start(installed('portkey-server.mjs'), { nodeArgs: NODE_ARGS });
  const openai: Target = {
    url: `${child.url}/v1/chat/completions`,
    headers: {
      ...{ authorization: 'Bearer bench', 'x-portkey-provider': 'openai' },
      'x-portkey-custom-host': `${url}/openai/v1`,
    },
    body: messages,
    wire: 'openai',
  };
  const claude: Target = {
    url: `${child.url}/v1/messages`,
    headers: {
      ...{ authorization: 'Bearer bench', 'x-portkey-provider': 'anthropic', 'anthropic-version': '2023-06-01' },
      'x-portkey-custom-host': `${url}/claude/v1`,
    },
    body: (prompt) => ({ ...messages(prompt), max_tokens: 4096 }),
    wire: 'claude',
  };

  return new Server('portkey', { openai, claude }, child);
}

/** Sends the events of the AI SDK, and keeps them in a Redis of its own. */
async function startAiSdk(provider: Provider): Promise<Server> {
  const child = await Child.start(installed('ai-sdk-server.mjs'), { args: [provider.url], nodeArgs: NODE_ARGS });
  const at = (path: string): Target => ({ url: child.url + path, body: (prompt) => ({ prompt }), wire: 'ai-sdk' });

  return new Server('ai-sdk', { openai: at('/openai'), claude: at('/claude') }, child);
}
