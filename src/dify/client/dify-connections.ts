import { Injectable } from '@nestjs/common';
import { DIFY_CLOUD_URL, difyBaseUrl } from '../../bots/agent-config.js';
import { BotsService } from '../../bots/bots.service.js';
import { AppError, notFound } from '../../common/app-error.js';
import type { DifyConnection } from '../../common/contracts/dify.js';
import { pastedKey, pastedText } from '../../common/text/pasted.js';
import { DIFY_SHELL } from '../../common/contracts/shell-types.js';
import { invalid } from '../../infra/http/server/validation.pipe.js';
import { baseUrlProblem } from '../../models/model-parameters.js';
import type { DifyAppRef } from '../dify.dto.js';

/** Finds the app that a request refers to. */
@Injectable()
export class DifyConnections {
  constructor(private readonly bots: BotsService) {}

  /** @throws AppError validation_failed, not_found, model_not_configured */
  async of(userId: number, ref: DifyAppRef): Promise<DifyConnection> {
    const { bot_id: botId, api_key: apiKey, base_url: baseUrl = DIFY_CLOUD_URL } = ref;
    if (botId !== undefined) return this.ofBot(userId, botId);
    if (apiKey === undefined) throw invalid([{ field: 'bot_id', message: 'bot_id or api_key is required' }]);
    const problem = baseUrlProblem(pastedText(baseUrl));
    if (problem !== null) throw invalid([{ field: 'base_url', message: `base_url ${problem}` }]);

    return { baseUrl: difyBaseUrl(baseUrl), apiKey: pastedKey(apiKey), appId: null, mode: null, inputs: {} };
  }

  /** @throws AppError validation_failed, not_found, model_not_configured */
  async ofBot(userId: number, botId: number): Promise<DifyConnection> {
    const [bot] = await this.bots.resolve(userId, [botId]);
    if (!bot) throw notFound(`Bot ${botId}`);
    if (bot.dify) return bot.dify;
    if (bot.shellType === DIFY_SHELL) throw new AppError('model_not_configured', bot.modelProblem ?? 'no connection');
    throw invalid([
      { field: 'bot_id', message: `bot_id ${botId} has the shell ${bot.shellName}, which is no Dify app` },
    ]);
  }
}
