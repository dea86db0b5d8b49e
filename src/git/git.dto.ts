import { ApiProperty } from '@nestjs/swagger';
import { GIT_TYPES, type GitType } from '../auth/git-accounts/git-accounts.js';
import { BoolField, EnumField, IntField, TextField } from '../common/fields.js';

const DOMAIN = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?$/;
/** Owner or groups and a name; no part consists of dots. */
const REPOSITORY = /^(?!.*(?:^|\/)\.+(?:\/|$))[\w.-]+(?:\/[\w.-]+)+$/;

const DomainField = (optional: boolean) =>
  TextField({
    ...{ max: 254, optional, pattern: DOMAIN, example: 'github.com' },
    patternMessage: 'must be a host name, with a port where needed',
  });

export class RepositoriesQuery {
  /** Of each account, from 1 */
  @IntField({ min: 1, max: 10_000, optional: true, query: true, default: 1 })
  page: number = 1;

  /** Repositories of each account on a page; servers of Gitea have 50 at most by default */
  @IntField({ min: 1, max: 100, optional: true, query: true, default: 100 })
  limit: number = 100;

  /** Of the account at this server only */
  @DomainField(true)
  git_domain?: string;
}

export class SearchRepositoriesQuery {
  /** Part of a name, with or without its owner, in any case */
  @TextField({ max: 200 })
  q!: string;

  /** Seconds */
  @IntField({ min: 5, max: 60, optional: true, query: true, default: 30 })
  timeout: number = 30;

  /** Only repositories with exactly this name */
  @BoolField({ optional: true, query: true, default: false })
  fullmatch: boolean = false;

  /** Of the account at this server only */
  @DomainField(true)
  git_domain?: string;
}

export class BranchesQuery {
  /** With its owner or groups */
  @TextField({
    ...{ max: 500, pattern: REPOSITORY, example: 'conch/docs' },
    patternMessage: 'must be a path like owner/name',
  })
  git_repo!: string;

  @DomainField(false)
  git_domain!: string;
}

export class ValidateTokenDto {
  @TextField({ max: 4000, secret: true })
  token!: string;

  /** May be left out for github.com, gitlab.com, gitea.com, codeberg.org */
  @EnumField(GIT_TYPES, { optional: true })
  type?: GitType;

  @DomainField(false)
  git_domain!: string;
}

/** A repository as Wegent shows it. */
export class GitRepositoryDto {
  git_repo_id!: number;

  name!: string;

  /** @example conch/docs */
  git_repo!: string;

  /** For `git clone` */
  git_url!: string;

  /** @example github.com */
  git_domain!: string;

  @ApiProperty({ enum: GIT_TYPES })
  type!: GitType;

  private!: boolean;

  default_branch!: string | null;
}

export class GitBranchDto {
  name!: string;

  protected!: boolean;

  default!: boolean;
}

export class GitUserDto {
  id!: string;

  login!: string;

  name!: string | null;

  /** With which commits are made */
  email!: string | null;
}

export class TokenValidationDto {
  valid!: boolean;

  /** Null when the token is not accepted */
  @ApiProperty({ type: GitUserDto, nullable: true })
  user!: GitUserDto | null;

  /** Why it is not accepted */
  message!: string | null;
}
