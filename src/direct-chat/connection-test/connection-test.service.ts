import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import {
  CHAT_PROVIDERS,
  type ChatProvider,
  type ChatRequest,
  type ModelSettings,
} from '../../common/contracts/chat-provider.js';
import { CHAT_SHELL } from '../../common/contracts/shell-types.js';
import { EndUserPseudonyms } from '../../infra/crypto/end-user-pseudonyms.js';
import { invalid } from '../../infra/http/server/validation.pipe.js';
import { baseUrlProblem, headerProblems, parameterProblems } from '../../models/model-parameters.js';
import type { TestConnectionDto, TestConnectionResultDto } from '../../models/models.dto.js';
import type { ProviderEvent } from '../../common/contracts/chat-event.js';
import { isMasked } from '../../common/secrets/mask.js';
import { pastedKey, pastedText } from '../../common/text/pasted.js';

/** Tests a model with one short question, which is asked like any other: in the same form, with the same deadlines. */
@Injectable()
export class ConnectionTestService {
  constructor(
    @Inject(CHAT_PROVIDERS) private readonly providers: readonly ChatProvider[],
    private readonly pseudonyms: EndUserPseudonyms,
  ) {}

  /** Asks the model, and returns whether it answers. @throws AppError validation_failed */
  async test(userId: number, dto: TestConnectionDto): Promise<TestConnectionResultDto> {
    const model = settingsOf(dto);
    const problem = untestable(model);
    if (problem !== null) return { success: false, message: problem };
    const provider = this.providers.find(({ shellType }) => shellType === CHAT_SHELL);
    if (!provider) return { success: false, message: `Nothing here answers for ${CHAT_SHELL}` };
    const request = requestFor(this.pseudonyms.of(userId), model);
    try {
      for await (const events of provider.stream(request, new AbortController().signal)) {
        if (events.some(isAnswer)) break;
      }

      return { success: true, message: `${model.modelId} answers` };
    } catch (error) {
      return { success: false, message: error instanceof AppError ? error.message : 'The model could not be reached' };
    }
  }
}

/** Whether an event is a part of an answer: a failure may follow counts and pings. */
function isAnswer({ type }: ProviderEvent): boolean {
  return type === 'content' || type === 'reasoning' || type === 'file' || type === 'finish';
}

/** @throws AppError validation_failed */
function settingsOf(dto: TestConnectionDto): ModelSettings {
  const { headers = {}, parameters = {} } = dto;
  const problems = [...headerProblems(headers), ...parameterProblems(parameters)];
  if (problems.length > 0) throw invalid(problems);

  return {
    name: pastedText(dto.model_id),
    provider: dto.provider_type === 'openai' ? 'openai' : 'claude',
    modelId: pastedText(dto.model_id),
    baseUrl: dto.base_url ? pastedText(dto.base_url) : null,
    apiKey: pastedKey(dto.api_key),
    headers,
    parameters,
  };
}

/** Why a model could not be saved so, or not be asked; null when it can. */
function untestable({ modelId, apiKey, baseUrl }: ModelSettings): string | null {
  if (modelId === '') return 'model_id must not be blank';
  if (isMasked(apiKey ?? '')) return 'The key is masked: enter it again to test it';
  const problem = baseUrl === null ? null : baseUrlProblem(baseUrl);

  return problem === null ? null : `base_url ${problem}`;
}

function requestFor(endUser: string, model: ModelSettings): ChatRequest {
  const messages = [{ role: 'user' as const, content: 'Hi' }];

  return { taskId: 0, subtaskId: 0, endUser, model, system: '', messages };
}
