import { Batches } from './batches.js';

/** Joins lookups of single keys into lookups of many, so that a burst of requests costs few queries. */
export class Gather<Key, Value> {
  private readonly lookups: Batches<Key, Value | null>;

  /** @param load looks up to `max` keys up; what it does not find it leaves out */
  constructor(max: number, load: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>) {
    this.lookups = new Batches(max, async (keys) => {
      const found = await load([...new Set(keys)]);

      return keys.map((key) => found.get(key) ?? null);
    });
  }

  /** Null when there is none. @throws what the lookup throws, to all who share it */
  async get(key: Key): Promise<Value | null> {
    const [value = null] = await this.lookups.add([key]);

    return value;
  }
}
