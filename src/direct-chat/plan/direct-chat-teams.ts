import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import { CHAT_PROVIDERS, type ChatProvider } from '../../common/chat-provider.js';
import type { ResolvedTeam } from '../../teams/teams.service.js';
import { TeamsService } from '../../teams/teams.service.js';
import type { CheckChatDto } from '../direct-chat.dto.js';

/** Which teams can chat directly: those for all of whose bots there is a provider. */
@Injectable()
export class DirectChatTeams {
  private readonly supported: string[];

  constructor(
    private readonly teams: TeamsService,
    @Inject(CHAT_PROVIDERS) providers: readonly ChatProvider[],
  ) {
    this.supported = providers.map((provider) => provider.shellType);
  }

  async check(userId: number, teamId: number): Promise<CheckChatDto> {
    const team = await this.teams.resolve(userId, { id: teamId });
    const reason = this.refusal(team);

    return { supports_direct_chat: reason === null, shell_types: shellTypes(team), reason };
  }

  /** @throws AppError direct_chat_not_supported */
  require(team: ResolvedTeam): void {
    const reason = this.refusal(team);
    if (reason) throw new AppError('direct_chat_not_supported', reason);
  }

  private refusal(team: ResolvedTeam): string | null {
    const others = shellTypes(team).filter((type) => !this.supported.includes(type));
    if (others.length > 0) {
      return `Team "${team.name}" uses ${others.join(', ')}; direct chat is possible with ${this.supported.join(', ')} only`;
    }

    return null;
  }
}

function shellTypes(team: ResolvedTeam): string[] {
  return [...new Set(team.members.map((member) => member.shellType))];
}
