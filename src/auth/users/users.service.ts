import { Injectable } from '@nestjs/common';
import { EventEmitter2, OnEvent } from '@nestjs/event-emitter';
import { LRUCache } from 'lru-cache';
import { AppError, found, notFound } from '../../common/app-error.js';
import { UserChangedEvent } from '../../common/contracts/domain-events.js';
import type { PageQuery } from '../../common/page.js';
import { SecretBox } from '../../common/secrets/secret-box.js';
import type { Db } from '../../infra/database/database.js';
import { orConflict } from '../../infra/database/database-errors.js';
import {
  accountFor,
  type GitAccount,
  maskedAccounts,
  mergeAccounts,
  openAccounts,
  withoutAccount,
} from '../git-accounts/git-accounts.js';
import { hashPassword } from '../passwords.js';
import { withoutSession, withoutTokens } from '../tokens/token-claims.js';
import {
  type CreateUserDto,
  toUserDto,
  type UpdateMeDto,
  type UpdateUserDto,
  type UserDto,
  type UserListDto,
} from './users.dto.js';
import { type NewUser, type UserRow, UsersRepository } from './users.repository.js';

/** What an executor needs of the user that it works for. The git token is in clear: never log it. */
export interface ExecutorUser {
  id: number;
  userName: string;
  /** The account at the repository's domain. */
  git: GitAccount | null;
}

/** Manages the accounts. */
@Injectable()
export class UsersService {
  /** Changes of other processes invalidate it; its time to live, in milliseconds, is for lost messages. */
  private readonly cache = new LRUCache<string, { row: UserRow | null }>({
    max: 1000,
    ttl: 5000,
    fetchMethod: async (userName) => ({ row: await this.repository.byName(userName) }),
    // A query that a change overtook still answers its callers, but is not cached.
    ignoreFetchAbort: true,
  });

  constructor(
    private readonly repository: UsersRepository,
    private readonly box: SecretBox,
    private readonly events: EventEmitter2,
  ) {}

  /** Removes a changed account from the cache. */
  @OnEvent(UserChangedEvent.eventName)
  forget({ userName }: UserChangedEvent): void {
    this.cache.delete(userName);
  }

  /** Returns a user by name, at most a few seconds old, for every request. Missing users are not cached. */
  async cachedByName(userName: string): Promise<UserRow | null> {
    const { row } = await this.cache.forceFetch(userName);
    if (!row) this.cache.delete(userName);

    return row;
  }

  byName(userName: string): Promise<UserRow | null> {
    return this.repository.byName(userName);
  }

  /** Whether there is an account that is not disabled. */
  async isActive(id: number): Promise<boolean> {
    return (await this.repository.byId(id))?.isActive ?? false;
  }

  /** Returns the user's own account, git accounts included. */
  async me(id: number): Promise<UserDto> {
    return this.ownDto(found(await this.repository.byId(id), 'User'));
  }

  /**
   * Returns a user for an executor, with the git account for `gitDomain`.
   * @param db reads within a transaction of the caller's
   * @throws AppError conflict when the account is not active; SecretBoxError when the tokens cannot be decrypted
   */
  async forExecutor(id: number, gitDomain: string, db: Db): Promise<ExecutorUser> {
    const row = found(await this.repository.forExecutor(id, db), 'User');
    if (!row.isActive) throw new AppError('conflict', `The account of user "${row.userName}" is not active`);
    const git = gitDomain === '' ? null : accountFor(openAccounts(row.gitInfo, this.box), gitDomain);

    return { id, userName: row.userName, git };
  }

  /**
   * Returns a user's git accounts. Their tokens are in clear: never log them.
   * @throws SecretBoxError when they cannot be decrypted
   */
  async gitAccounts(id: number): Promise<GitAccount[]> {
    return openAccounts(found(await this.repository.byId(id), 'User').gitInfo, this.box);
  }

  async list(query: PageQuery): Promise<UserListDto> {
    const { total, items } = await this.repository.page(query);

    return { total, items: items.map((row) => toUserDto(row)) };
  }

  async create(request: CreateUserDto): Promise<UserDto> {
    const { user_name: userName, password, email, role } = request;
    const passwordHash = await hashPassword(password);
    const user = { userName, passwordHash, email: email ?? null, role: role ?? 'user' };

    return toUserDto(await orConflict(`There is a user "${userName}" already`, () => this.repository.insert(user)));
  }

  /** Changes any account, for admins. They cannot lock themselves out. */
  async update(adminId: number, id: number, request: UpdateUserDto): Promise<UserDto> {
    if (adminId === id && (request.is_active === false || request.role === 'user')) {
      throw new AppError('conflict', 'You cannot deactivate yourself or give up your own admin role');
    }

    const changes = await changesOf(request);

    return toUserDto(await this.change(id, (stored) => withTokensOf(stored, changes)));
  }

  /** Whether a request changes by what its user logs in or is reached. Accounts without a password have none to ask for. */
  async changesLogin(id: number, { password, email }: UpdateMeDto): Promise<boolean> {
    const stored = found(await this.repository.byId(id), 'User');
    if (stored.passwordHash === null) return false;

    return password !== undefined || (email !== undefined && email !== stored.email);
  }

  /** Ends the access tokens of one session. @param until Unix seconds at which all have expired */
  async endSession(id: number, sid: string, until: number): Promise<void> {
    await this.change(id, (stored) => withoutSession(stored, sid, until));
  }

  /** Ends all tokens of a user. */
  async endTokens(id: number): Promise<void> {
    await this.change(id, withoutTokens);
  }

  /**
   * Changes the user's own account.
   * @param gitInfo the git accounts of the request, after their check
   * @throws AppError validation_failed for wrong git accounts
   */
  async updateMe(id: number, request: UpdateMeDto, gitInfo: GitAccount[] | undefined): Promise<UserDto> {
    const changes = await changesOf(request);
    const row = await this.change(id, (stored) => ({
      ...withTokensOf(stored, changes),
      ...(gitInfo && { gitInfo: mergeAccounts(gitInfo, stored.gitInfo, this.box) }),
    }));

    return this.ownDto(row);
  }

  /** Forgets the user's account at a git server. @throws AppError not_found */
  async deleteGitToken(id: number, domain: string): Promise<UserDto> {
    const row = await this.change(id, ({ gitInfo }) => {
      const rest = withoutAccount(gitInfo, domain, this.box);
      if (rest === undefined) throw notFound(`A git account for ${domain}`);

      return { gitInfo: rest };
    });

    return this.ownDto(row);
  }

  /** Creates or updates an account of the server itself. */
  async ensure(user: NewUser): Promise<UserRow> {
    const row = await this.repository.upsert(user);
    this.cache.delete(row.userName);

    return row;
  }

  private async change(id: number, changesOf: (stored: UserRow) => Partial<NewUser>): Promise<UserRow> {
    const row = found(await this.repository.change(id, changesOf), 'User');
    await this.events.emitAsync(UserChangedEvent.eventName, new UserChangedEvent(row.userName, false));

    return row;
  }

  private ownDto(row: UserRow): UserDto {
    return toUserDto(row, maskedAccounts(row.gitInfo, this.box));
  }
}

/** A changed password and a deactivation end the tokens that were issued before. */
function withTokensOf(stored: UserRow, changes: Partial<NewUser>): Partial<NewUser> {
  const endsTokens = changes.passwordHash !== undefined || changes.isActive === false;

  return endsTokens ? { ...changes, ...withoutTokens(stored) } : changes;
}

async function changesOf(request: UpdateUserDto): Promise<Partial<NewUser>> {
  const changes: Partial<NewUser> = {};
  if (request.email !== undefined) changes.email = request.email;
  if (request.role !== undefined) changes.role = request.role;
  if (request.is_active !== undefined) changes.isActive = request.is_active;
  if (request.password !== undefined) changes.passwordHash = await hashPassword(request.password);

  return changes;
}
