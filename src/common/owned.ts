import { AppError } from './app-error.js';

/** A user, who can use the own rows and the public ones; null: the public ones only. */
export type Owner = number | null;

/** How many models, shells, bots and teams a user may have, of each kind: some lists have no pages. */
const MAX_OWNED = 500;

/** @param count how many of them the user has @throws AppError storage_quota_exceeded when there is no room for another */
export function requireRoom(count: number, kinds: 'models' | 'shells' | 'bots' | 'teams'): void {
  if (count < MAX_OWNED) return;
  throw new AppError(
    'storage_quota_exceeded',
    `You have ${count} ${kinds}, and can have at most ${MAX_OWNED}: delete some that you no longer need`,
  );
}

interface Owned {
  userId: Owner;
  name: string;
}

/** Returns a row that a user may change. @throws AppError forbidden when it is public */
export function ownedBy<T extends Owned>(userId: number, row: T, kind: string): T {
  if (row.userId === userId) return row;
  throw new AppError('forbidden', `${kind} "${row.name}" is public: only its seed file changes it`);
}

/** Finds rows by name: the user's own row, else the public one. */
export class OwnedByName<T extends Owned> {
  private readonly rows = new Map<string, T>();

  constructor(rows: readonly T[]) {
    for (const row of rows) this.rows.set(keyOf(row.userId, row.name), row);
  }

  find(owner: Owner, name: string): T | null {
    return this.rows.get(keyOf(owner, name)) ?? this.rows.get(keyOf(null, name)) ?? null;
  }
}

const keyOf = (owner: Owner, name: string) => `${owner ?? 'public'} ${name}`;
