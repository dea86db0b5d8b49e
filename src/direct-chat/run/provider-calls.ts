import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import type { ProviderEvent } from '../../common/contracts/chat-event.js';
import {
  CHAT_PROVIDERS,
  type ChatProvider,
  type ChatRequest,
  type TokenMeter,
} from '../../common/contracts/chat-provider.js';
import { EventLoopThrottle } from '../../infra/http/server/event-loop-throttle.js';
import { type RunPlan, RunPlans } from '../plan/run-plan.js';
import type { ProviderRun } from './provider-runs.js';
import { readPatiently } from './read-patiently.js';

/** Calls the providers of plans. */
@Injectable()
export class ProviderCalls {
  private readonly providers: ReadonlyMap<string, ChatProvider>;
  /** Opening a connection is the largest cost of a run's start. */
  private readonly throttle = new EventLoopThrottle();

  constructor(
    private readonly plans: RunPlans,
    @Inject(CHAT_PROVIDERS) providers: readonly ChatProvider[],
  ) {
    this.providers = new Map(providers.map((provider) => [provider.shellType, provider]));
  }

  /** Starts to stream the answer of a plan. @throws AppError direct_chat_not_supported, and errors of the provider */
  async ask(
    plan: RunPlan,
    signal: AbortSignal,
    upstream: ProviderRun | null,
    meter: TokenMeter,
  ): Promise<AsyncIterable<readonly ProviderEvent[]>> {
    const provider = this.providerOf(plan.shellType);
    const request = await readPatiently(() => this.plans.toRequest(plan, upstream), signal);
    await new Promise<void>((resolve) => this.throttle.begin(resolve));

    return provider.stream({ ...request, meter }, signal);
  }

  /** Streams the answer to any request. @throws AppError direct_chat_not_supported, and errors of the provider */
  stream(shellType: string, request: ChatRequest, signal: AbortSignal): AsyncIterable<readonly ProviderEvent[]> {
    return this.providerOf(shellType).stream(request, signal);
  }

  private providerOf(shellType: string): ChatProvider {
    const provider = this.providers.get(shellType);
    if (!provider)
      throw new AppError('direct_chat_not_supported', `Nothing here answers for bots of shell ${shellType}`);

    return provider;
  }
}
