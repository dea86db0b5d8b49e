/**
 * Joins what is asked for in one turn of the event loop into one lookup, so that a burst of requests costs one query
 * and not one each.
 */
export class Gather<Key, Value> {
  private asked: { keys: Set<Key>; found: Promise<ReadonlyMap<Key, Value>> } | null = null;

  /** @param load looks several keys up; what it does not find it leaves out */
  constructor(private readonly load: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>) {}

  /** Null when there is none. @throws what the lookup throws, to all who share it */
  async get(key: Key): Promise<Value | null> {
    this.asked ??= this.begin();
    this.asked.keys.add(key);
    const found = await this.asked.found;

    return found.get(key) ?? null;
  }

  private begin() {
    const keys = new Set<Key>();
    const found = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.asked = null;

      return this.load([...keys]);
    });

    return { keys, found };
  }
}
