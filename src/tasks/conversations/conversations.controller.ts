import { Get, Query } from '@nestjs/common';
import { AuthUser, CurrentUser } from '../../auth/auth-user.js';
import { ApiController, ApiOk } from '../../infra/http/server/api-replies.js';
import { ConversationListDto, ConversationsQuery } from './conversations.dto.js';
import { ConversationsService } from './conversations.service.js';

/** The list beside a chat. */
@ApiController('conversations')
export class ConversationsController {
  constructor(private readonly conversations: ConversationsService) {}

  /** My conversations, newest activity first; a search also reads questions and answers */
  @Get()
  @ApiOk(ConversationListDto)
  list(@CurrentUser() user: AuthUser, @Query() query: ConversationsQuery): Promise<ConversationListDto> {
    return this.conversations.list(user.id, query);
  }
}
