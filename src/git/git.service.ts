import { Injectable, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { createHash } from 'node:crypto';
import { GIT_TYPES, type GitAccount, gitTypeOf } from '../auth/git-accounts/git-accounts.js';
import {
  GitIdentities,
  type GitIdentifier,
  type GitIdentity,
  type TypedGitAccount,
} from '../auth/git-accounts/git-identities.js';
import { UsersService } from '../auth/users/users.service.js';
import { AppError, notFound } from '../common/app-error.js';
import { pastedKey } from '../common/text/pasted.js';
import { invalid } from '../infra/http/server/validation.pipe.js';
import type {
  BranchesQuery,
  GitBranchDto,
  GitRepositoryDto,
  RepositoriesQuery,
  SearchRepositoriesQuery,
  TokenValidationDto,
  ValidateTokenDto,
} from './git.dto.js';
import { allPages, type GitProvider, type GitRepository } from './git-provider.js';
import { GiteaProvider } from './gitea.provider.js';
import { GithubProvider } from './github.provider.js';
import { GitlabProvider } from './gitlab.provider.js';

const TIMEOUT_MS = 30_000;
/** Users search while they type: the repositories of an account are not read again for each letter. */
const SEARCH_CACHE = { max: 50, ttl: 60_000 };

export interface RepositoryList {
  items: GitRepositoryDto[];
  hasMore: boolean;
  /** Accounts that could not be read, while others could. */
  failed: { domain: string; code: string }[];
}

interface Listed {
  repositories: GitRepository[];
  hasMore: boolean;
}

/** Reads repositories and branches from the git servers where users have accounts. */
@Injectable()
export class GitService implements GitIdentifier, OnModuleInit {
  private readonly providers: ReadonlyMap<string, GitProvider>;
  private readonly listed = new LRUCache<string, GitRepository[], TypedGitAccount>({
    ...SEARCH_CACHE,
    fetchMethod: (_key, _stale, { context: account }) => {
      const signal = AbortSignal.timeout(TIMEOUT_MS);

      return allPages((page) => this.providerOf(account).repositories(account, page, signal));
    },
  });

  constructor(
    private readonly users: UsersService,
    private readonly identities: GitIdentities,
    github: GithubProvider,
    gitlab: GitlabProvider,
    gitea: GiteaProvider,
  ) {
    this.providers = new Map([github, gitlab, gitea].map((provider) => [provider.type, provider]));
  }

  onModuleInit(): void {
    this.identities.register(this);
  }

  identify(account: TypedGitAccount, signal: AbortSignal): Promise<GitIdentity> {
    return this.providerOf(account).identify(account, signal);
  }

  /** Lists repositories of all accounts. @throws AppError not_found, `provider_…` when no account can be read */
  repositories(userId: number, query: RepositoriesQuery): Promise<RepositoryList> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);

    return this.ofAccounts(userId, query.git_domain, async (account) => {
      const { items, hasMore } = await this.providerOf(account).repositories(account, query, signal);

      return { repositories: items, hasMore };
    });
  }

  /** Searches the repositories of all accounts by name. @throws AppError not_found, `provider_…` as above */
  search(
    userId: number,
    { q, timeout, fullmatch, git_domain: domain }: SearchRepositoriesQuery,
  ): Promise<RepositoryList> {
    const signal = AbortSignal.timeout(timeout * 1000);
    const text = q.trim().toLowerCase();
    const fits = ({ name, fullName }: GitRepository) =>
      [name, fullName].some((known) => (fullmatch ? known.toLowerCase() === text : known.toLowerCase().includes(text)));

    return this.ofAccounts(userId, domain, async (account) => {
      const provider = this.providerOf(account);
      const found = provider.search
        ? await provider.search(account, q.trim(), signal)
        : await this.listed.forceFetch(`${userId} ${fingerprint(account)}`, { context: account });

      return { repositories: found.filter(fits), hasMore: false };
    });
  }

  /** Lists the branches of a repository, the default one first. @throws AppError not_found, `provider_…` */
  async branches(userId: number, { git_repo: repository, git_domain: domain }: BranchesQuery): Promise<GitBranchDto[]> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const [account] = await this.accountsOf(userId, domain);
    const typed = typedAccount(account ?? { git_domain: domain, git_token: '' });
    const provider = this.providerOf(typed);
    const [standard, branches] = await Promise.all([
      provider.defaultBranch(typed, repository, signal),
      allPages((page) => provider.branches(typed, repository, page, signal)),
    ]);
    const dtos = branches.map(({ name, isProtected }) => ({
      name,
      protected: isProtected,
      default: name === standard,
    }));

    return dtos.sort((a, b) => Number(b.default) - Number(a.default));
  }

  /** Asks who a token belongs to, and stores nothing. @throws AppError validation_failed, `provider_…` when the server is away */
  async validate({ token, type, git_domain: domain }: ValidateTokenDto): Promise<TokenValidationDto> {
    const account = typedAccount({ git_domain: domain, git_token: pastedKey(token), ...(type && { type }) });
    try {
      const { id, login, name, email } = await this.identify(account, AbortSignal.timeout(TIMEOUT_MS));

      return { valid: true, user: { id, login, name, email }, message: null };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'provider_auth') throw error;

      return { valid: false, user: null, message: error.message };
    }
  }

  private async ofAccounts(
    userId: number,
    domain: string | undefined,
    read: (account: TypedGitAccount) => Promise<Listed>,
  ): Promise<RepositoryList> {
    const accounts = await this.accountsOf(userId, domain);
    const list: RepositoryList = { items: [], hasMore: false, failed: [] };
    const errors: AppError[] = [];
    const results = await Promise.allSettled(accounts.map(async (account) => read(typedAccount(account))));
    for (const [index, result] of results.entries()) {
      const account = accounts[index];
      if (!account) continue;
      if (result.status === 'fulfilled') {
        const { repositories, hasMore } = result.value;
        list.items.push(...repositories.map((repository) => toRepositoryDto(account, repository)));
        list.hasMore ||= hasMore;
      } else {
        if (!(result.reason instanceof AppError)) throw result.reason;
        errors.push(result.reason);
        list.failed.push({ domain: account.git_domain, code: result.reason.code });
      }
    }
    const [first] = errors;
    if (first && errors.length === accounts.length) throw first;

    return list;
  }

  private async accountsOf(userId: number, domain: string | undefined): Promise<GitAccount[]> {
    const accounts = await this.users.gitAccounts(userId);
    if (domain === undefined) return accounts;
    const named = accounts.filter(({ git_domain: known }) => known === domain.toLowerCase());
    if (named.length === 0) throw notFound(`A git account for ${domain} (PUT /api/users/me adds one)`);

    return named;
  }

  private providerOf({ type }: Pick<TypedGitAccount, 'type'>): GitProvider {
    const provider = this.providers.get(type);
    if (!provider) throw new Error(`no provider of ${type}`);

    return provider;
  }
}

/** @throws AppError validation_failed for a server of an unknown kind: it was stored by an earlier version */
function typedAccount(account: GitAccount): TypedGitAccount {
  const { git_domain, git_token } = account;
  const type = gitTypeOf(account);
  if (type) return { git_domain, git_token, type };
  const message = `type of ${git_domain} must be one of ${GIT_TYPES.join(', ')}: save the account with its type`;
  throw invalid([{ field: 'type', message }]);
}

function fingerprint({ git_domain: domain, git_token: token }: TypedGitAccount): string {
  return `${domain} ${createHash('sha256').update(token).digest('base64url')}`;
}

function toRepositoryDto(account: GitAccount, repository: GitRepository): GitRepositoryDto {
  const { id, name, fullName, cloneUrl, isPrivate, defaultBranch } = repository;

  return {
    ...{ git_repo_id: id, name, git_repo: fullName, git_url: cloneUrl, private: isPrivate },
    ...{ git_domain: account.git_domain, type: gitTypeOf(account) ?? 'github', default_branch: defaultBranch },
  };
}
