import { Injectable } from '@nestjs/common';
import { AppError, notFound } from '../common/app-error.js';
import { offsetOf, type PageQuery } from '../common/page.js';
import { TtlCache } from '../common/ttl-cache.js';
import { orConflict } from '../infra/database/database-errors.js';
import { hashPassword } from './passwords.js';
import {
  type CreateUserDto,
  toUserDto,
  type UpdateMeDto,
  type UpdateUserDto,
  type UserDto,
  type UserListDto,
} from './users.dto.js';
import { type NewUser, type UserRow, UsersRepository } from './users.repository.js';

/** The accounts. */
@Injectable()
export class UsersService {
  /** Other replicas notice a change as late as this. A missing user is not remembered. */
  private readonly cache = new TtlCache((userName: string) => this.repository.byName(userName), {
    ttlMs: 5000,
    maxEntries: 1000,
    keep: (row) => row !== null,
  });

  constructor(private readonly repository: UsersRepository) {}

  /** By name, at most a few seconds old: asked for with every request. */
  cachedByName(userName: string): Promise<UserRow | null> {
    return this.cache.get(userName);
  }

  byName(userName: string): Promise<UserRow | null> {
    return this.repository.byName(userName);
  }

  async byId(id: number): Promise<UserDto> {
    return toUserDto(await this.require(id));
  }

  async list(query: PageQuery): Promise<UserListDto> {
    const { total, rows } = await this.repository.page(offsetOf(query), query.limit);

    return { total, items: rows.map(toUserDto) };
  }

  async create(request: CreateUserDto): Promise<UserDto> {
    const { user_name: userName, password, email, role } = request;
    const passwordHash = await hashPassword(password);
    const user = { userName, passwordHash, email: email ?? null, role: role ?? 'user' };

    return toUserDto(await orConflict(`There is a user "${userName}" already`, () => this.repository.insert(user)));
  }

  /** An admin's change. Admins cannot lock themselves out. */
  async update(adminId: number, id: number, request: UpdateUserDto): Promise<UserDto> {
    if (adminId === id && (request.is_active === false || request.role === 'user')) {
      throw new AppError('conflict', 'You cannot deactivate yourself or give up your own admin role');
    }

    return this.change(id, request);
  }

  updateMe(id: number, request: UpdateMeDto): Promise<UserDto> {
    return this.change(id, request);
  }

  /** Creates an account of the server itself, or brings it into the given state. */
  async ensure(user: NewUser): Promise<UserRow> {
    const row = await this.repository.upsert(user);
    this.cache.forget(row.userName);

    return row;
  }

  private async change(id: number, request: UpdateUserDto): Promise<UserDto> {
    const changes: Partial<NewUser> = {};
    if (request.email !== undefined) changes.email = request.email;
    if (request.role !== undefined) changes.role = request.role;
    if (request.is_active !== undefined) changes.isActive = request.is_active;
    if (request.password !== undefined) changes.passwordHash = await hashPassword(request.password);

    const row = await this.repository.update(id, changes);
    if (!row) throw notFound('User');
    this.cache.forget(row.userName);

    return toUserDto(row);
  }

  private async require(id: number): Promise<UserRow> {
    const row = await this.repository.byId(id);
    if (!row) throw notFound('User');

    return row;
  }
}
