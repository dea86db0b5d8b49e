import { Injectable } from '@nestjs/common';
import { notFound } from '../common/app-error.js';
import { OwnedByName, type Owner } from '../common/owned.js';
import type { Db } from '../infra/database/database.js';
import { type ShellDto, type ShellListDto, toShellDto, type UnifiedShellQuery } from './shells.dto.js';
import { ShellsRepository } from './shells.repository.js';

/** A shell of a seed file. */
export interface ShellSeed {
  name: string;
  displayName: string | null;
  shellType: string;
  executionType: 'local_engine' | 'external_api';
  supportModel: string[];
  baseImage: string | null;
  baseShellRef: string | null;
}

/** A shell as other features need it. */
export interface Shell extends ShellSeed {
  userId: Owner;
}

/** Finds shells for the owner of a bot: the own one of that name first, then the public one. */
export type ShellLookup = (owner: Owner, name: string) => Shell | null;

/** The runtimes that bots run in. */
@Injectable()
export class ShellsService {
  constructor(private readonly repository: ShellsRepository) {}

  /** The user's own shell of that name, else the public one; null when there is none. */
  async find(userId: Owner, name: string): Promise<Shell | null> {
    const find = await this.findMany(userId, [name]);

    return find(userId, name);
  }

  /** Several shells by one query. @param db reads within a transaction of the caller's */
  async findMany(userId: Owner, names: string[], db?: Db): Promise<ShellLookup> {
    const rows = new OwnedByName<Shell>(await this.repository.visible(userId, names, db));

    return (owner, name) => rows.find(owner, name);
  }

  async unified(userId: number): Promise<ShellListDto> {
    return { data: (await this.repository.visible(userId)).map(toShellDto) };
  }

  async unifiedOne(userId: number, name: string, query: UnifiedShellQuery): Promise<ShellDto> {
    const rows = await this.repository.visible(userId, [name]);
    const row = rows.find((candidate) => !query.shell_type || toShellDto(candidate).type === query.shell_type);
    if (!row) throw notFound('Shell');

    return toShellDto(row);
  }

  /** Makes the public shells exactly these; what is gone becomes inactive. Ids stay. */
  async replacePublic(seeds: readonly ShellSeed[], db: Db): Promise<void> {
    const ids = new Map((await this.repository.allPublic(db)).map(({ name, id }) => [name, id]));
    for (const seed of seeds) {
      const id = ids.get(seed.name);
      if (id === undefined) await this.repository.insert({ ...seed, userId: null }, db);
      else await this.repository.update(id, { ...seed, isActive: true }, db);
    }
    await this.repository.deactivatePublicExcept(
      seeds.map(({ name }) => name),
      db,
    );
  }
}
