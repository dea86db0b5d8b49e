import { Injectable } from '@nestjs/common';
import type { ResolvedBot } from '../bots/bot-resolver.js';
import { BotsService } from '../bots/bots.service.js';
import { AppError, found } from '../common/app-error.js';
import { ownedBy, requireRoom } from '../common/owned.js';
import type { MessageDto, PageQuery } from '../common/page.js';
import type { Db } from '../infra/database/database.js';
import { markOmitted } from '../infra/database/bounded-rows.js';
import { orConflict } from '../infra/database/database-errors.js';
import type { TeamMember } from '../common/contracts/team-member.js';
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
export type TeamSeed = Pick<TeamRow, 'name' | 'namespace' | 'displayName' | 'mode' | 'members'>;

const NAMESPACE = 'default';
const DEFAULT_MODE = 'solo';

/** What lists show of a team. */
export interface TeamLabel {
  name: string;
  /** Of its bots, each once. */
  shellTypes: string[];
}

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
    const { id, name, mode, members } = found(row, 'Team');
    const bots = await this.bots.resolve(userId, members.map(botIdOf), db);

    return { id, name, mode, members: joinMembers({ name, members }, bots) };
  }

  async list(userId: number, query: PageQuery): Promise<TeamListDto> {
    const { total, items } = await this.repository.page(userId, query);
    const dtos = await this.toDtos(userId, items);

    return { total, items: dtos.map((dto, index) => markOmitted(dto, items[index], { details_omitted: true })) };
  }

  async get(userId: number, id: number): Promise<TeamDto> {
    return this.toDto(userId, await this.require(userId, id));
  }

  /** Returns the labels of teams by id, deleted ones included: their tasks are still listed. Three queries. */
  async labels(userId: number, ids: readonly number[]): Promise<Map<number, TeamLabel>> {
    const rows = await this.repository.named([...new Set(ids)]);
    const botIds = rows.flatMap(({ members }) => members.map(botIdOf));
    const bots = await this.bots.summaries(userId, botIds);
    const shellsOf = ({ members }: Pick<TeamRow, 'members'>) =>
      members.flatMap((member) => bots.get(botIdOf(member))?.shell_type ?? []);

    return new Map(rows.map((row) => [row.id, { name: row.name, shellTypes: [...new Set(shellsOf(row))] }]));
  }

  async create(userId: number, request: CreateTeamDto): Promise<TeamDto> {
    if (request.is_active === false) throw invalid([{ field: 'is_active', message: 'must be true for a new team' }]);
    requireRoom(await this.repository.count(userId), 'teams');
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

    return this.toDto(userId, found(row, 'Team'));
  }

  /** Deactivates a team: tasks belong to it. */
  async delete(userId: number, id: number): Promise<MessageDto> {
    await this.requireOwn(userId, id);
    await this.repository.update(id, { isActive: false });

    return { message: 'Team deleted' };
  }

  /** Replaces the public teams; those that are missing become inactive. Ids do not change. */
  async replacePublic(seeds: readonly TeamSeed[], db: Db): Promise<void> {
    await this.repository.replacePublic(
      db,
      seeds,
      (seed) => ({ ...seed }),
      ({ namespace, name }) => `${namespace}/${name}`,
    );
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
    return found(await this.repository.byId(userId, id), 'Team');
  }

  private async requireOwn(userId: number, id: number): Promise<TeamRow> {
    return ownedBy(userId, await this.require(userId, id), 'Team');
  }

  private async toDto(userId: number, row: TeamRow): Promise<TeamDto> {
    return toTeamDto(row, await this.bots.teamSummaries(userId, row.members.map(botIdOf)));
  }

  private async toDtos(userId: number, rows: TeamRow[]): Promise<TeamDto[]> {
    const ids = rows.flatMap(({ members }) => members.map(botIdOf));
    const bots = await this.bots.teamSummaries(userId, ids);

    return rows.map((row) => toTeamDto(row, bots));
  }
}

function joinMembers(team: Pick<TeamRow, 'name' | 'members'>, bots: ResolvedBot[]): ResolvedMember[] {
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
