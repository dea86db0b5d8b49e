import { Injectable } from '@nestjs/common';
import { AppError, notFound } from '../common/app-error.js';
import type { ModelSettings } from '../common/contracts/chat-provider.js';
import { OwnedByName, type Owner, requireRoom } from '../common/owned.js';
import type { MessageDto, PageQuery } from '../common/page.js';
import { SecretBox } from '../common/secrets/secret-box.js';
import { shellSupportsModel } from '../common/contracts/shell-types.js';
import type { Db } from '../infra/database/database.js';
import { markOmitted } from '../infra/database/bounded-rows.js';
import { orConflict } from '../infra/database/database-errors.js';
import { type ModelSeed, modelValues, seedValues } from './model-values.js';
import type {
  CreateModelDto,
  ModelDto,
  ModelListDto,
  UnifiedModelDto,
  UnifiedModelListDto,
  UnifiedModelQuery,
  UnifiedModelsQuery,
  UpdateModelDto,
} from './models.dto.js';
import { toModelDto, toModelSettings, toUnifiedDto } from './models.mapper.js';
import { type ModelRow, ModelsRepository } from './models.repository.js';

/** Finds models for the owner of a bot: the own one of that name first, then the public one. */
export type ModelLookup = (owner: Owner, name: string) => ModelSettings | null;

/** Manages the models that bots can be bound to. */
@Injectable()
export class ModelsService {
  constructor(
    private readonly repository: ModelsRepository,
    private readonly box: SecretBox,
  ) {}

  /** Returns an active model, ready to be called: the user's own of that name, else the public one; null without one. */
  async settings(userId: Owner, name: string, db?: Db): Promise<ModelSettings | null> {
    const find = await this.findMany(userId, [name], db);

    return find(userId, name);
  }

  /** Returns several models by one query. @param db reads within a transaction of the caller's */
  async findMany(userId: Owner, names: string[], db?: Db): Promise<ModelLookup> {
    const rows = new OwnedByName(await this.repository.visible(userId, { names, activeOnly: true }, db));

    return (owner, name) => {
      const row = rows.find(owner, name);

      return row && toModelSettings(row, this.box);
    };
  }

  /** Whether the user can use a model of that name. */
  async exists(userId: number, name: string): Promise<boolean> {
    return (await this.repository.visible(userId, { names: [name], activeOnly: true })).length > 0;
  }

  async list(userId: number, query: PageQuery): Promise<ModelListDto> {
    const { total, items } = await this.repository.page(userId, query);

    return { total, items: items.map((row) => markOmitted(toModelDto(row, this.box), row, { detailsOmitted: true })) };
  }

  async get(userId: number, name: string): Promise<ModelDto> {
    return toModelDto(await this.require(userId, name), this.box);
  }

  async create(userId: number, request: CreateModelDto): Promise<ModelDto> {
    requireRoom(await this.repository.count(userId), 'models');
    const { name, provider, modelId } = request;
    const values = { userId, name, provider, modelId, ...modelValues(request, null, this.box) };
    const row = await orConflict(`You have a model "${name}" already`, () => this.repository.insert(values));

    return toModelDto(row, this.box);
  }

  async update(userId: number, name: string, request: UpdateModelDto): Promise<ModelDto> {
    const stored = await this.requireOwn(userId, name);
    const row = await this.repository.update(stored.id, modelValues(request, stored, this.box));
    if (!row) throw notFound('Model');

    return toModelDto(row, this.box);
  }

  async delete(userId: number, name: string): Promise<MessageDto> {
    const { id } = await this.requireOwn(userId, name);
    await this.repository.delete(id);

    return { message: 'Model deleted' };
  }

  /** Returns all models that the user can choose from, in Wegent's format. */
  async unified(userId: number, query: UnifiedModelsQuery): Promise<UnifiedModelListDto> {
    const rows = await this.repository.active(userId);
    const fitting = rows.filter(({ provider }) => !query.shell_type || shellSupportsModel(query.shell_type, provider));

    return { data: fitting.map((row) => toUnifiedDto(row, this.box, query.include_config ?? false)) };
  }

  async unifiedOne(userId: number, name: string, query: UnifiedModelQuery): Promise<UnifiedModelDto> {
    const rows = await this.repository.visible(userId, { names: [name], activeOnly: true });
    const row = rows.find(
      ({ userId: owner }) => !query.model_type || (query.model_type === 'public') === (owner === null),
    );
    if (!row) throw notFound('Model');

    return toUnifiedDto(row, this.box, true);
  }

  /** Replaces the public models; those that are missing become inactive. Ids do not change. */
  async replacePublic(seeds: readonly ModelSeed[], db: Db): Promise<void> {
    const stored = new Map((await this.repository.allPublic(db)).map((row) => [row.name, row]));
    for (const seed of seeds) {
      const row = stored.get(seed.name);
      const values = seedValues(seed, row ?? null, this.box);
      if (!row) await this.repository.insert({ ...values, userId: null }, db);
      else await this.repository.update(row.id, values, db);
    }
    await this.repository.deactivatePublicExcept(
      seeds.map(({ name }) => name),
      db,
    );
  }

  private async require(userId: number, name: string): Promise<ModelRow> {
    const rows = await this.repository.visible(userId, { names: [name], activeOnly: false });
    const row = rows.find(({ userId: owner, isActive }) => owner !== null || isActive);
    if (!row) throw notFound('Model');

    return row;
  }

  private async requireOwn(userId: number, name: string): Promise<ModelRow> {
    const row = await this.require(userId, name);
    if (row.userId !== userId)
      throw new AppError('forbidden', `Model "${name}" is public: only its seed file changes it`);

    return row;
  }
}
