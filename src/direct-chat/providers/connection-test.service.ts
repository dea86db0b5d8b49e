import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import { CHAT_PROVIDERS, type ChatProvider, type ChatRequest, type ModelSettings } from '../../common/chat-provider.js';
import { CHAT_SHELL } from '../../common/shell-types.js';
import { EndUserPseudonyms } from '../../infra/crypto/end-user-pseudonyms.js';
import type { TestConnectionDto, TestConnectionResultDto } from '../../models/models.dto.js';

const TIMEOUT_MS = 20_000;

/** Tests a model with one short question, by the provider that answers turns. */
@Injectable()
export class ConnectionTestService {
  constructor(
    @Inject(CHAT_PROVIDERS) private readonly providers: readonly ChatProvider[],
    private readonly pseudonyms: EndUserPseudonyms,
  ) {}

  /** Asks the model, and returns whether it answers. Never throws. */
  async test(userId: number, dto: TestConnectionDto): Promise<TestConnectionResultDto> {
    const provider = this.providers.find(({ shellType }) => shellType === CHAT_SHELL);
    if (!provider) return { success: false, message: `Nothing here answers for ${CHAT_SHELL}` };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    try {
      for await (const events of provider.stream(requestFor(this.pseudonyms.of(userId), dto), signal)) {
        if (events.length > 0) break;
      }

      return { success: true, message: `${dto.model_id} answers` };
    } catch (error) {
      return { success: false, message: messageOf(error, signal) };
    }
  }
}

function messageOf(error: unknown, signal: AbortSignal): string {
  if (error instanceof AppError) return error.message;

  return signal.aborted ? `No answer within ${TIMEOUT_MS / 1000} s` : 'The model could not be reached';
}

function requestFor(endUser: string, dto: TestConnectionDto): ChatRequest {
  const model: ModelSettings = {
    name: dto.model_id,
    provider: dto.provider_type === 'openai' ? 'openai' : 'claude',
    modelId: dto.model_id,
    baseUrl: dto.base_url ?? null,
    apiKey: dto.api_key,
    headers: {},
    parameters: { maxTokens: 16 },
  };

  return {
    taskId: 0,
    subtaskId: 0,
    endUser,
    model,
    system: '',
    messages: [{ role: 'user', content: 'Hi' }],
  };
}
