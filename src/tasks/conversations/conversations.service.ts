import { Injectable } from '@nestjs/common';
import { offsetOf } from '../../common/page.js';
import { withoutParams } from '../../common/text/prompt.js';
import { type TeamLabel, TeamsService } from '../../teams/teams.service.js';
import { ConversationSearch } from './conversation-search.js';
import type { ConversationDto, ConversationListDto, ConversationsQuery } from './conversations.dto.js';
import { type ConversationRow, ConversationsRepository } from './conversations.repository.js';
import { previewOf } from './search-texts.js';

/** Lists and searches the conversations of a user. */
@Injectable()
export class ConversationsService {
  constructor(
    private readonly repository: ConversationsRepository,
    private readonly searches: ConversationSearch,
    private readonly teams: TeamsService,
  ) {}

  /** Returns a page of a user's conversations, newest activity first. */
  async list(userId: number, query: ConversationsQuery): Promise<ConversationListDto> {
    const filter = { userId, status: query.status, teamId: query.team_id };
    const search = query.search?.trim() ?? '';
    if (search === '') {
      const items = await this.toDtos(userId, await this.repository.page(filter, query));

      return { total: await this.repository.count(filter), items };
    }
    const { ids, snippets, isPartial } = await this.searches.find(filter, search);
    const page = ids.slice(offsetOf(query), offsetOf(query) + query.limit);
    const items = await this.toDtos(userId, await this.repository.byIds(userId, page), snippets);

    return { total: ids.length, items, ...(isPartial && { partial: true as const }) };
  }

  private async toDtos(
    userId: number,
    rows: readonly ConversationRow[],
    snippets: ReadonlyMap<number, string> = new Map(),
  ): Promise<ConversationDto[]> {
    const teams = await this.teams.labels(
      userId,
      rows.map(({ teamId }) => teamId),
    );

    return rows.map((row) => toDto(row, teams.get(row.teamId), snippets.get(row.id)));
  }
}

function toDto(row: ConversationRow, team: TeamLabel | undefined, match: string | undefined): ConversationDto {
  return {
    id: row.id,
    title: row.title,
    status: row.status,
    task_type: row.taskType,
    team_id: row.teamId,
    team_name: team?.name ?? null,
    shell_types: team?.shellTypes ?? [],
    model_id: row.modelId,
    last_activity_at: row.updatedAt.toISOString(),
    created_at: row.createdAt.toISOString(),
    preview: previewOf(withoutParams(row.text ?? '')),
    ...(match !== undefined && { match }),
    input_required: row.isWaiting ?? false,
    turn_count: row.turnCount,
  };
}
