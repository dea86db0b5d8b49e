/** The provider against the simulator, for specs. */
import { startSimulator, type Simulator } from '../../../tools/simulator/simulator.js';
import type { AppError } from '../../common/app-error.js';
import type { ProviderEvent } from '../../common/contracts/chat-event.js';
import type { ChatRequest, ModelSettings, ProviderKind } from '../../common/contracts/chat-provider.js';
import { pollUntil } from '../../common/async/poll-until.js';
import { EgressPolicy } from '../../infra/http/client/egress.js';
import { ProviderHttp } from '../../infra/http/client/provider-http.js';
import { type ChatProviderLimits, ChatShellProvider } from './chat.provider.js';
import { retryDelay } from '../../infra/provider-stream/retry.js';
import { chatRequest, summary } from './providers.testing.js';

/** What came, and how it ended. */
export interface Outcome {
  batches: (readonly ProviderEvent[])[];
  content: string;
  reasoning: string;
  rest: ProviderEvent[];
  error?: AppError;
}

/** Decides on retries as in production, but does not wait for them. */
const impatient: typeof retryDelay = (error, state) => Math.min(retryDelay(error, state), 1);

export class ProviderBench {
  private constructor(
    readonly simulator: Simulator,
    readonly http: ProviderHttp,
  ) {}

  static async start(): Promise<ProviderBench> {
    const egress = new EgressPolicy({ allow: [], allowLoopback: true });
    return new ProviderBench(await startSimulator(), new ProviderHttp({ egress, connectTimeoutMs: 5000 }));
  }

  provider(limits: Partial<ChatProviderLimits> = {}): ChatShellProvider {
    const all = { firstTokenMs: 20_000, idleMs: 20_000, totalMs: 60_000, endSilenceMs: 2000, ...limits };
    return new ChatShellProvider(this.http, all, impatient);
  }

  /** A turn that the simulator answers as the script says. */
  turn(kind: ProviderKind, script: string, settings: Partial<ModelSettings> = {}): ChatRequest {
    const baseUrl = this.simulator.url + (kind === 'claude' ? '/claude' : '/openai/v1');
    return chatRequest({ provider: kind, baseUrl, modelId: `sim:${script}`, ...settings });
  }

  run(request: ChatRequest, limits?: Partial<ChatProviderLimits>): Promise<Outcome> {
    return outcomeOf(this.provider(limits).stream(request, new AbortController().signal));
  }

  async close(): Promise<void> {
    this.http.onModuleDestroy();
    await this.simulator.close();
  }
}

export async function outcomeOf(stream: AsyncIterable<readonly ProviderEvent[]>): Promise<Outcome> {
  const batches: (readonly ProviderEvent[])[] = [];
  const outcome = () => ({ batches, ...summary(batches.flat()) });
  try {
    for await (const batch of stream) batches.push(batch);
  } catch (error) {
    return { ...outcome(), error: error as AppError };
  }
  return outcome();
}

export async function until(condition: () => boolean): Promise<void> {
  await pollUntil(condition, { everyMs: 2 });
}
