import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import type { DifyConnection } from '../../common/contracts/dify.js';
import type { JsonObject } from '../../common/text/json.js';
import { answering } from '../../teams/resolved-teams.js';
import { TeamsService } from '../../teams/teams.service.js';
import { DifyApps } from './dify-apps.js';
import { DifyClient } from './dify.client.js';
import { DifyConnections } from './dify-connections.js';
import {
  type DifyAppInfoDto,
  type DifyAppRef,
  type InputParametersDto,
  toInfo,
  toParameters,
  toQuestionFiles,
} from '../dify.dto.js';
import type { AppForm, InputField } from '../inputs/input-form.js';

/** What `/parameters` documents; nothing else of a reply is shown: the address is the caller's. */
const SHOWN = [
  ...['opening_statement', 'suggested_questions', 'suggested_questions_after_answer', 'speech_to_text'],
  ...['text_to_speech', 'retriever_resource', 'annotation_reply', 'more_like_this', 'sensitive_word_avoidance'],
  ...['user_input_form', 'file_upload', 'system_parameters'],
];

/** Returns facts and forms of apps. */
@Injectable()
export class DifyAppInfoService {
  constructor(
    private readonly connections: DifyConnections,
    private readonly apps: DifyApps,
    private readonly client: DifyClient,
    private readonly teams: TeamsService,
  ) {}

  /** Returns the app's facts. Not cached, because owners check changes of an app by this call. */
  async info(userId: number, ref: DifyAppRef): Promise<DifyAppInfoDto> {
    return toInfo(await this.client.info(await this.connections.of(userId, ref)));
  }

  /** Returns the documented parameters as Dify sends them. */
  async parameters(userId: number, ref: DifyAppRef): Promise<JsonObject> {
    const parameters = await this.client.parameters(await this.connections.of(userId, ref));
    const shown = Object.entries(parameters).filter(([name]) => SHOWN.includes(name));
    if (shown.length === 0) {
      throw new AppError('provider_protocol', 'The address answers with JSON that is not from Dify: check base_url');
    }

    return Object.fromEntries(shown);
  }

  /** The form of a team: what the apps that answer for it ask for, each input once. Without apps there is none. */
  async inputParameters(userId: number, teamId: number): Promise<InputParametersDto> {
    const team = await this.teams.resolve(userId, { id: teamId });
    const connections = answering(team).flatMap(({ dify }) => dify ?? []);
    const [first] = connections;
    if (!first) return { has_parameters: false, parameters: [] };
    const [mode, ...forms] = await Promise.all([this.modeOf(first), ...connections.map((app) => this.apps.form(app))]);
    const parameters = toParameters(merged(forms));
    const [files] = forms.flatMap((form) => toQuestionFiles(form) ?? []);

    return {
      has_parameters: parameters.length > 0,
      parameters,
      ...(mode !== null && { app_mode: mode }),
      ...(files && { files }),
    };
  }

  private async modeOf(connection: DifyConnection): Promise<string | null> {
    return (await this.apps.info(connection)).mode ?? connection.mode;
  }
}

/** What one of several apps requires is required. */
function merged(forms: readonly AppForm[]): InputField[] {
  const fields = new Map<string, InputField>();
  for (const field of forms.flatMap((form) => form.fields)) {
    if (!fields.get(field.variable)?.required) fields.set(field.variable, field);
  }

  return [...fields.values()];
}
