import { Body, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AuthUser, CurrentUser } from '../auth/auth-user.js';
import { ApiErrors } from '../infra/http/server/api-errors.js';
import { ApiController } from '../infra/http/server/api-replies.js';
import { ProbeSlots } from '../infra/rate-limit/probe-slots.js';
import {
  BranchesQuery,
  GitBranchDto,
  GitRepositoryDto,
  RepositoriesQuery,
  SearchRepositoriesQuery,
  TokenValidationDto,
  ValidateTokenDto,
} from './git.dto.js';
import { GitService, type RepositoryList } from './git.service.js';

const HEADERS = {
  'X-Next-Page': { description: 'Number of the next page, when an account has more', schema: { type: 'integer' } },
  'X-Git-Failed': {
    description: 'Accounts that could not be read while others could: `gitlab.example provider_auth, …`',
    schema: { type: 'string' },
  },
} as const;

/** Repositories and branches at the git servers of the caller's accounts. Wegent's paths. */
@ApiController('git')
@ApiErrors('provider_auth', 'provider_not_found', 'provider_rate_limited', 'provider_unavailable')
@ApiErrors('provider_timeout', 'provider_protocol', 'provider_bad_request', 'provider_blocked', 'too_many_probes')
export class GitController {
  constructor(
    private readonly git: GitService,
    private readonly probes: ProbeSlots,
  ) {}

  /** Repositories of my accounts, a page of each account; empty without an account */
  @Get('repositories')
  @ApiOkResponse({ type: [GitRepositoryDto], headers: HEADERS })
  @ApiErrors('not_found')
  async repositories(
    @CurrentUser() user: AuthUser,
    @Query() query: RepositoriesQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<GitRepositoryDto[]> {
    const list = await this.probes.run(user.id, () => this.git.repositories(user.id, query));
    if (list.hasMore) reply.header('x-next-page', query.page + 1);

    return withFailures(reply, list);
  }

  /** My repositories whose name holds a text: among the newest 1000 of each account */
  @Get('repositories/search')
  @ApiOkResponse({ type: [GitRepositoryDto], headers: { 'X-Git-Failed': HEADERS['X-Git-Failed'] } })
  @ApiErrors('not_found')
  async search(
    @CurrentUser() user: AuthUser,
    @Query() query: SearchRepositoriesQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<GitRepositoryDto[]> {
    return withFailures(reply, await this.probes.run(user.id, () => this.git.search(user.id, query)));
  }

  /** Branches of a repository, the default one first; 1000 at most */
  @Get('repositories/branches')
  @ApiOkResponse({ type: [GitBranchDto] })
  @ApiErrors('not_found')
  branches(@CurrentUser() user: AuthUser, @Query() query: BranchesQuery): Promise<GitBranchDto[]> {
    return this.probes.run(user.id, () => this.git.branches(user.id, query));
  }

  /** Ask a git server who a token belongs to; nothing is stored */
  @Post('validate-token')
  @HttpCode(200)
  @ApiOkResponse({ type: TokenValidationDto })
  validate(@CurrentUser() user: AuthUser, @Body() body: ValidateTokenDto): Promise<TokenValidationDto> {
    return this.probes.run(user.id, () => this.git.validate(body));
  }
}

function withFailures(reply: FastifyReply, { items, failed }: RepositoryList): GitRepositoryDto[] {
  if (failed.length > 0) reply.header('x-git-failed', failed.map(({ domain, code }) => `${domain} ${code}`).join(', '));

  return items;
}
