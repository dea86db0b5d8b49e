/** A user, who can use the own rows and the public ones; null: the public ones only. */
export type Owner = number | null;

interface Owned {
  userId: Owner;
  name: string;
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
