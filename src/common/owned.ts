import { AppError } from './app-error.js';

/** A user, who can use the own rows and the public ones; null: the public ones only. */
export type Owner = number | null;

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
