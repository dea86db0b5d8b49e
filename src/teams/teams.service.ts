import { Injectable } from '@nestjs/common';
import type { ResolvedBot } from '../bots/bot-resolver.js';
import { BotsService } from '../bots/bots.service.js';
import { AppError, notFound } from '../common/app-error.js';
import { type MessageDto, offsetOf, type PageQuery } from '../common/page.js';
import type { Db } from '../infra/database/database.js';
import { orConflict } from '../infra/database/database-errors.js';
import type { TeamMember } from '../infra/database/schema/schema.js';
import { invalid } from '../infra/http/server/validation.pipe.js';
import {
  type CreateTeamDto,
  type TeamBotInput,
  type TeamDto,
  type TeamListDto,
  toTeamDto,
  type UpdateTeamDto,
} from './teams.dto.js';
import { type ResolvedMember, type ResolvedTeam, ResolvedTeams } from './resolved-teams.js';
import { type NewTeam, type TeamRow, TeamsRepository } from './teams.repository.js';

/** A public team of a seed file. */
export interface TeamSeed {
  name: string;
  namespace: string;
  displayName: string | null;
  mode: string;
  members: TeamMember[];
}

const NAMESPACE = 'default';
const DEFAULT_MODE = 'solo';

export type TeamRef = { id: number } | { name: string; namespace?: string };

/** Manages the teams: bots and the way they work together. */
@Injectable()
export class TeamsService {
  constructor(
    private readonly repository: TeamsRepository,
    private readonly bots: BotsService,
    private readonly resolved: ResolvedTeams,
  ) {}

  /**
   * Returns a team that the user may use, ready to run. By name the user's own comes first.
   * @throws AppError not_found; conflict when a bot or its shell is gone
   */
  resolve(userId: number, ref: TeamRef): Promise<ResolvedTeam> {
    const key = 'id' in ref ? `${userId} ${ref.id}` : `${userId} ${ref.namespace ?? NAMESPACE}/${ref.name}`;

    return this.resolved.get(key, () => this.load(userId, ref));
  }

  /** The same within the caller's transaction, without sharing a concurrent load. */
  resolveWithin(db: Db, userId: number, id: number): Promise<ResolvedTeam> {
    return this.resolved.getWithin(`${userId} ${id}`, () => this.load(userId, { id }, db));
  }

  /** Four small queries in three steps. */
  private async load(userId: number, ref: TeamRef, db?: Db): Promise<ResolvedTeam> {
    const row =
      'id' in ref
        ? await this.repository.byId(userId, ref.id, db)
        : await this.repository.byName(userId, ref.namespace ?? NAMESPACE, ref.name);
    if (!row) throw notFound('Team');
    const { id, name, mode } = row;
    const bots = await this.bots.resolve(userId, row.members.map(botIdOf), db);

    return { id, name, mode, members: joinMembers(row, bots) };
  }

  async list(userId: number, query: PageQuery): Promise<TeamListDto> {
    const { total, rows } = await this.repository.page(userId, offsetOf(query), query.limit);

    return { total, items: await this.toDtos(userId, rows) };
  }

  async get(userId: number, id: number): Promise<TeamDto> {
    return this.toDto(userId, await this.require(userId, id));
  }

  async create(userId: number, request: CreateTeamDto): Promise<TeamDto> {
    if (request.is_active === false) throw invalid([{ field: 'is_active', message: 'must be true for a new team' }]);
    const members = await this.membersOf(userId, request.bots);
    const mode = request.workflow?.mode ?? DEFAULT_MODE;
    const row = await orConflict(nameTaken(request.name), () =>
      this.repository.insert({ userId, name: request.name, mode, members }),
    );

    return this.toDto(userId, row);
  }

  async update(userId: number, id: number, request: UpdateTeamDto): Promise<TeamDto> {
    const stored = await this.requireOwn(userId, id);
    const changes: Partial<NewTeam> = { isActive: request.is_active ?? true };
    if (request.name !== undefined) changes.name = request.name;
    if (request.workflow) changes.mode = request.workflow.mode;
    if (request.bots) changes.members = await this.membersOf(userId, request.bots);
    const row = await orConflict(nameTaken(request.name ?? stored.name), () => this.repository.update(id, changes));
    if (!row) throw notFound('Team');

    return this.toDto(userId, row);
  }

  /** Deactivates a team: tasks belong to it. */
  async delete(userId: number, id: number): Promise<MessageDto> {
    await this.requireOwn(userId, id);
    await this.repository.update(id, { isActive: false });

    return { message: 'Team deleted' };
  }

  /** Replaces the public teams; those that are missing become inactive. Ids do not change. */
  async replacePublic(seeds: readonly TeamSeed[], db: Db): Promise<void> {
    const keyOf = ({ namespace, name }: { namespace: string; name: string }) => `${namespace}/${name}`;
    const stored = new Map((await this.repository.allPublic(db)).map((row) => [keyOf(row), row.id]));
    const kept: number[] = [];
    for (const seed of seeds) {
      const id = stored.get(keyOf(seed));
      const values = { ...seed, userId: null, isActive: true };
      const row =
        id === undefined ? await this.repository.insert(values, db) : await this.repository.update(id, values, db);
      if (row) kept.push(row.id);
    }
    await this.repository.deactivatePublicExcept(kept, db);
  }

  /** @throws AppError validation_failed naming each bot that the user cannot use */
  private async membersOf(userId: number, inputs: TeamBotInput[]): Promise<TeamMember[]> {
    const known = await this.bots.summaries(userId, inputs.map(botIdOf));
    const unknown = inputs.flatMap(({ bot_id: id }, index) =>
      known.has(id) ? [] : [{ id, field: `bots.${index}.bot_id` }],
    );
    if (unknown.length > 0)
      throw invalid(unknown.map(({ id, field }) => ({ field, message: `there is no bot ${id}` })));

    return inputs.map((input) => ({
      bot_id: input.bot_id,
      bot_prompt: input.bot_prompt ?? '',
      role: input.role ?? '',
    }));
  }

  private async require(userId: number, id: number): Promise<TeamRow> {
    const row = await this.repository.byId(userId, id);
    if (!row) throw notFound('Team');

    return row;
  }

  private async requireOwn(userId: number, id: number): Promise<TeamRow> {
    const row = await this.require(userId, id);
    if (row.userId !== userId)
      throw new AppError('forbidden', `Team "${row.name}" is public: only its seed file changes it`);

    return row;
  }

  private async toDto(userId: number, row: TeamRow): Promise<TeamDto> {
    return toTeamDto(row, await this.bots.summaries(userId, row.members.map(botIdOf)));
  }

  private async toDtos(userId: number, rows: TeamRow[]): Promise<TeamDto[]> {
    const ids = rows.flatMap(({ members }) => members.map(botIdOf));
    const bots = await this.bots.summaries(userId, ids);

    return rows.map((row) => toTeamDto(row, bots));
  }
}

function joinMembers(team: TeamRow, bots: ResolvedBot[]): ResolvedMember[] {
  const byId = new Map(bots.map((bot) => [bot.id, bot]));

  return team.members.map(({ bot_id: botId, bot_prompt: prompt, role }) => {
    const bot = byId.get(botId);
    if (!bot) throw new AppError('conflict', `Team "${team.name}" uses bot ${botId}, which does not exist any more`);

    return { ...bot, prompt, role };
  });
}

/** @throws AppError shell_not_available when a bot cannot work in its shell */
export function requireShell({ name, shellProblem }: Pick<ResolvedMember, 'name' | 'shellProblem'>): void {
  if (shellProblem !== null) throw new AppError('shell_not_available', `Bot "${name}" cannot run: ${shellProblem}`);
}

const nameTaken = (name: string) => `You have a team "${name}" already`;
const botIdOf = (member: { bot_id: number }) => member.bot_id;
