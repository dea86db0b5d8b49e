import { Body, Delete, Post } from '@nestjs/common';
import { AuthUser, CurrentUser } from '../../auth/auth-user.js';
import { MessageDto } from '../../common/page.js';
import { ApiController, ApiCreated, ApiOk } from '../../infra/http/server/api-replies.js';
import { IdParam } from '../../infra/http/server/id.pipe.js';
import { CreateLinkDto, LinkDto } from './task-links.dto.js';
import { TaskLinksService } from './task-links.service.js';

/** Signed links to tasks. */
@ApiController('tasks')
export class TaskLinksController {
  constructor(private readonly links: TaskLinksService) {}

  /** Make a link that opens this conversation without an account, for another device */
  @Post(':id/links')
  @ApiCreated(LinkDto, 'not_found')
  create(@CurrentUser() user: AuthUser, @IdParam() id: number, @Body() body: CreateLinkDto): Promise<LinkDto> {
    return this.links.create(user.id, id, body);
  }

  /** End all links to this conversation */
  @Delete(':id/links')
  @ApiOk(MessageDto, 'not_found')
  async endAll(@CurrentUser() user: AuthUser, @IdParam() id: number): Promise<MessageDto> {
    await this.links.endAll(user.id, id);

    return { message: `All links to task ${id} were ended` };
  }
}
