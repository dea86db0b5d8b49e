import { Injectable } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { AppError, found } from '../common/app-error.js';
import { ShellImageChangedEvent } from '../common/contracts/domain-events.js';
import type { MessageDto } from '../common/page.js';
import { ownedBy, OwnedByName, type Owner, requireRoom } from '../common/owned.js';
import type { Db } from '../infra/database/database.js';
import { orConflict } from '../infra/database/database-errors.js';
import { invalid } from '../infra/http/server/validation.pipe.js';
import { ImagePolicy } from './image-policy.js';
import {
  type CreateShellDto,
  type ShellDto,
  type ShellListDto,
  toShellDto,
  type UnifiedShellQuery,
  type UpdateShellDto,
} from './shells.dto.js';
import { type NewShell, type ShellRow, ShellsRepository } from './shells.repository.js';

/** A shell of a seed file. */
export type ShellSeed = Pick<ShellRow, 'name' | 'displayName' | 'shellType' | 'executionType' | 'supportModel'> &
  Pick<ShellRow, 'baseImage' | 'baseShellRef'>;

/** A shell as other features need it. */
export type Shell = ShellSeed & Pick<ShellRow, 'userId' | 'state' | 'stateReason'>;

/** Finds shells for the owner of a bot: the own one of that name first, then the public one. */
export type ShellLookup = (owner: Owner, name: string) => Shell | null;

/** Names that paths of the API have for other things. */
const RESERVED = ['unified', 'validate-image', 'validation-status'];

/** The runtimes that bots run in. */
@Injectable()
export class ShellsService {
  constructor(
    private readonly repository: ShellsRepository,
    private readonly policy: ImagePolicy,
    private readonly events: EventEmitter2,
  ) {}

  /** The user's own shell of that name, else the public one; null when there is none. */
  async find(userId: Owner, name: string): Promise<Shell | null> {
    const find = await this.findMany(userId, [name]);

    return find(userId, name);
  }

  /** Several shells by one query. @param db reads within a transaction of the caller's */
  async findMany(userId: Owner, names: string[], db?: Db): Promise<ShellLookup> {
    const rows = new OwnedByName<Shell>(await this.repository.visible(userId, names, db));

    return (owner, name) => rows.find(owner, name);
  }

  async unified(userId: number): Promise<ShellListDto> {
    return { data: (await this.repository.validated(userId)).map(toShellDto) };
  }

  async unifiedOne(userId: number, name: string, query: UnifiedShellQuery): Promise<ShellDto> {
    const shells = (await this.repository.validated(userId, [name])).map(toShellDto);
    const shell = shells.find(({ type }) => !query.shell_type || type === query.shell_type);

    return found(shell, 'Shell');
  }

  /** Stores a shell of the user, and starts a validation of its image. @throws AppError validation_failed, conflict */
  async create(userId: number, request: CreateShellDto): Promise<ShellDto> {
    const { name, displayName = null, baseShellRef, baseImage } = request;
    if (RESERVED.includes(name)) throw invalid([{ field: 'name', message: `name must not be "${name}"` }]);
    requireRoom(await this.repository.count(userId), 'shells');
    const image = this.imageOf(baseImage);
    const base = await this.baseOf(baseShellRef);
    const { shellType, executionType, supportModel } = base;
    const values = { name, displayName, shellType, executionType, supportModel, baseShellRef, ...image };
    await orConflict(`You have a shell "${name}" already`, () => this.repository.insert({ ...values, userId }));
    await this.publishImage(new ShellImageChangedEvent(userId, name, shellType, image.imageRef));

    return this.own(userId, name);
  }

  /** @throws AppError not_found, forbidden, validation_failed */
  async update(userId: number, name: string, { displayName, baseImage }: UpdateShellDto): Promise<ShellDto> {
    const stored = await this.requireOwn(userId, name);
    const image = baseImage === undefined ? null : this.imageOf(baseImage);
    const isNew = image !== null && image.imageRef !== stored.imageRef;
    const changes: Partial<NewShell> = {
      ...(displayName !== undefined && { displayName }),
      ...(baseImage !== undefined && { baseImage }),
      ...(isNew && image),
    };
    await this.repository.update(stored.id, changes);
    if (isNew) await this.publishImage(new ShellImageChangedEvent(userId, name, stored.shellType, image.imageRef));

    return this.own(userId, name);
  }

  /** Soft, as with bots. @throws AppError not_found, forbidden, conflict while bots use it, unless forced */
  async delete(userId: number, name: string, force: boolean): Promise<MessageDto> {
    const stored = await this.requireOwn(userId, name);
    const bots = force ? [] : await this.repository.botsUsing(userId, name);
    if (bots.length > 0)
      throw new AppError(
        'conflict',
        `Shell "${name}" is used by ${bots.map((bot) => `bot "${bot}"`).join(', ')}: change that first, or delete it with ?force=true`,
      );
    await this.repository.update(stored.id, { isActive: false });

    return { message: 'Shell deleted' };
  }

  /** How shells of a type are run; null when there is no public one. */
  async executionOf(shellType: string): Promise<ShellSeed['executionType'] | null> {
    const [shell] = await this.repository.publicOfType(shellType);

    return shell?.executionType ?? null;
  }

  /** The user's own shell. @throws AppError not_found, forbidden when it is a public one */
  async requireOwn(userId: number, name: string): Promise<ShellRow> {
    const rows = await this.repository.visible(userId, [name]);
    const row = rows.find((each) => each.userId === userId) ?? rows[0];

    return ownedBy(userId, found(row, 'Shell'), 'Shell');
  }

  /** Makes the public shells exactly these; what is gone becomes inactive. Ids stay. */
  async replacePublic(seeds: readonly ShellSeed[], db: Db): Promise<void> {
    await this.repository.replacePublic(db, seeds, (seed) => ({ ...seed }));
  }

  /** @throws what keeps a validation from being started */
  private async publishImage(event: ShellImageChangedEvent): Promise<void> {
    await this.events.emitAsync(ShellImageChangedEvent.eventName, event);
  }

  private own(userId: number, name: string): Promise<ShellDto> {
    return this.unifiedOne(userId, name, { shell_type: 'user' });
  }

  /** A new image, of which nothing is known yet. */
  private imageOf(baseImage: string) {
    const imageRef = this.policy.parse('baseImage', baseImage).canonical;

    return { baseImage, imageRef, state: 'Pending', stateReason: null } as const;
  }

  private async baseOf(name: string): Promise<ShellRow> {
    const [base] = await this.repository.visible(null, [name]);
    const field = 'baseShellRef';
    if (!base) throw invalid([{ field, message: `there is no public shell "${name}"` }]);
    if (base.executionType !== 'local_engine')
      throw invalid([{ field, message: `shell "${name}" answers without an image: it cannot be a base` }]);

    return base;
  }
}

/** Why bots cannot work with a shell, in words; null when they can. */
export function shellProblem({
  name,
  state,
  stateReason,
}: Pick<Shell, 'name' | 'state' | 'stateReason'>): string | null {
  if (state === 'Available') return null;
  const reason = stateReason ?? 'its image has not passed its validation yet';

  return `the shell "${name}" is ${state}: ${reason}`;
}
