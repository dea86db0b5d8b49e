import { Injectable } from '@nestjs/common';
import { AppError, found } from '../common/app-error.js';
import { ownedBy, type Owner, requireRoom } from '../common/owned.js';
import type { MessageDto, PageQuery } from '../common/page.js';
import { SecretBox } from '../common/secrets/secret-box.js';
import type { Db } from '../infra/database/database.js';
import { markOmitted } from '../infra/database/bounded-rows.js';
import { orConflict } from '../infra/database/database-errors.js';
import { invalid } from '../infra/http/server/validation.pipe.js';
import { boundModel, sealConfig, tryOpenConfig } from './agent-config.js';
import { BotResolver, type ResolvedBot } from './bot-resolver.js';
import { sealServers, tryOpenServers } from './bot-servers.js';
import { BotValues } from './bot-values.js';
import {
  type BotDto,
  type BotListDto,
  type BotSummaryDto,
  type CreateBotDto,
  MAX_SEALED_SUMMARY,
  type TeamBotSummaryDto,
  toBotDto,
  toBotSummary,
  toTeamBotSummary,
  type UpdateBotDto,
} from './bots.dto.js';
import { type BotRow, BotsRepository, type BotSummaryRow, type NewBot } from './bots.repository.js';
import type { JsonObject } from '../common/text/json.js';

/** A public bot of a seed file. */
export type BotSeed = Pick<BotRow, 'name' | 'shellName' | 'systemPrompt' | 'skills'> & {
  agentConfig: JsonObject;
  mcpServers: JsonObject;
};

/** Column values of a seed. */
function seedValues(seed: BotSeed, stored: BotRow | null, box: SecretBox): NewBot {
  const { agentConfig, mcpServers, ...rest } = seed;
  const sealed = sealConfig(agentConfig, box, stored?.agentConfig ?? null);

  const servers = sealServers(mcpServers, box, stored);

  return { ...rest, ...servers, agentConfig: sealed, modelName: boundModel(agentConfig) };
}

/** Manages the bots: a prompt, a shell and a model. */
@Injectable()
export class BotsService {
  constructor(
    private readonly repository: BotsRepository,
    private readonly resolver: BotResolver,
    private readonly values: BotValues,
    private readonly box: SecretBox,
  ) {}

  /** See {@link BotResolver.resolve}. */
  resolve(userId: Owner, ids: readonly number[], db?: Db): Promise<ResolvedBot[]> {
    return this.resolver.resolve(userId, ids, db);
  }

  /** Returns the summaries of bots by id, without deleted and foreign ones. Two queries. */
  summaries(userId: number, ids: readonly number[]): Promise<Map<number, BotSummaryDto>> {
    return this.summarize(userId, ids, toBotSummary);
  }

  /** The same with their configurations, secrets masked. */
  teamSummaries(userId: number, ids: readonly number[]): Promise<Map<number, TeamBotSummaryDto>> {
    return this.summarize(userId, ids, (row, shellType) =>
      toTeamBotSummary(row, shellType, tryOpenConfig(row.agentConfig, this.box)),
    );
  }

  private async summarize<T>(
    userId: number,
    ids: readonly number[],
    summarize: (row: BotSummaryRow, shellType: string | null) => T,
  ): Promise<Map<number, T>> {
    const rows = await this.repository.summaries(userId, [...new Set(ids)], MAX_SEALED_SUMMARY);
    const shells = await this.resolver.shellsOf(userId, rows);

    return new Map(rows.map((row) => [row.id, summarize(row, shells(row.userId, row.shellName)?.shellType ?? null)]));
  }

  async list(userId: number, query: PageQuery): Promise<BotListDto> {
    const { total, items } = await this.repository.page(userId, query);

    const dtos = await this.toDtos(userId, items);

    return { total, items: dtos.map((dto, index) => markOmitted(dto, items[index], { details_omitted: true })) };
  }

  async get(userId: number, id: number): Promise<BotDto> {
    return this.toDto(userId, await this.require(userId, id));
  }

  async create(userId: number, request: CreateBotDto): Promise<BotDto> {
    if (request.is_active === false) throw invalid([{ field: 'is_active', message: 'must be true for a new bot' }]);
    requireRoom(await this.repository.count(userId), 'bots');
    const values = await this.values.from(userId, request, null);
    const { name, shell_name: shellName } = request;
    const row = await orConflict(nameTaken(name), () => this.repository.insert({ ...values, userId, name, shellName }));

    return this.toDto(userId, row);
  }

  async update(userId: number, id: number, request: UpdateBotDto): Promise<BotDto> {
    const stored = await this.requireOwn(userId, id);
    if (request.is_active === false) await this.refuseWhileUsed(userId, stored);
    const values = await this.values.from(userId, request, stored);
    const changes = { ...values, isActive: request.is_active ?? true };
    const row = await orConflict(nameTaken(request.name ?? stored.name), () => this.repository.update(id, changes));

    return this.toDto(userId, found(row, 'Bot'));
  }

  /** Deactivates a bot: subtasks refer to it. */
  async delete(userId: number, id: number): Promise<MessageDto> {
    const stored = await this.requireOwn(userId, id);
    await this.refuseWhileUsed(userId, stored);
    await this.repository.update(id, { isActive: false });

    return { message: 'Bot deleted' };
  }

  /** Replaces the public bots; those that are missing become inactive. Returns the ids by name, which do not change. */
  replacePublic(seeds: readonly BotSeed[], db: Db): Promise<Map<string, number>> {
    return this.repository.replacePublic(db, seeds, (seed, stored) => seedValues(seed, stored, this.box));
  }

  private async refuseWhileUsed(userId: number, { id, name }: BotRow): Promise<void> {
    const teams = (await this.repository.teamsUsing(userId, id)).map((team) => `team "${team}"`);
    if (teams.length > 0)
      throw new AppError('conflict', `Bot "${name}" is used by ${teams.join(', ')}: remove it there first`);
  }

  private async require(userId: number, id: number): Promise<BotRow> {
    const [row] = await this.repository.visible(userId, [id]);

    return found(row, 'Bot');
  }

  private async requireOwn(userId: number, id: number): Promise<BotRow> {
    return ownedBy(userId, await this.require(userId, id), 'Bot');
  }

  private async toDto(userId: number, row: BotRow): Promise<BotDto> {
    const [dto] = await this.toDtos(userId, [row]);

    return found(dto, 'Bot');
  }

  private async toDtos(userId: number, rows: BotRow[]): Promise<BotDto[]> {
    const shells = await this.resolver.shellsOf(userId, rows);

    return rows.map((row) => {
      const shell = shells(row.userId, row.shellName);

      const config = tryOpenConfig(row.agentConfig, this.box);

      return toBotDto(row, shell?.shellType ?? null, config, tryOpenServers(row, this.box));
    });
  }
}

const nameTaken = (name: string) => `You have a bot "${name}" already`;
