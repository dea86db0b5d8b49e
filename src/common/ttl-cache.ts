interface Entry<V> {
  value: Promise<V>;
  until: number;
}

interface Options<V> {
  ttlMs: number;
  maxEntries: number;
  /** What is worth remembering; everything by default. Failed look-ups never are. */
  keep?: (value: V) => boolean;
  now?: () => number;
}

/** Remembers look-ups for a short time; many at once for one key are one look-up. */
export class TtlCache<K, V> {
  private readonly entries = new Map<K, Entry<V>>();

  constructor(
    private readonly load: (key: K) => Promise<V>,
    private readonly options: Options<V>,
  ) {}

  get(key: K): Promise<V> {
    const cached = this.entries.get(key);
    if (cached && cached.until > this.now()) return cached.value;

    return this.refresh(key);
  }

  /** Looks up anew, whatever is remembered. */
  refresh(key: K): Promise<V> {
    const entry = { value: this.load(key), until: this.now() + this.options.ttlMs };
    this.entries.delete(key);
    this.entries.set(key, entry);
    this.dropOldest();
    const drop = () => {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    };
    entry.value.then((value) => (this.options.keep?.(value) === false ? drop() : undefined), drop);

    return entry.value;
  }

  forget(key: K): void {
    this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }

  private dropOldest(): void {
    if (this.entries.size <= this.options.maxEntries) return;
    const [oldest] = this.entries.keys();
    if (oldest !== undefined) this.entries.delete(oldest);
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }
}
