export interface BatcherOptions<Item> {
  /** Most items in a batch; no limit by default. What one `add` adds stays together, even if it is more. */
  maxItems?: number;
  /** Largest sum of the sizes of a batch's items; no limit by default. */
  size?: { max: number; of: (item: Item) => number };
  /**
   * Milliseconds that the first batch after a pause waits for more items; 0: until the end of this turn of the event
   * loop. By default it is processed at once.
   */
  delayMs?: number;
  /** Whether a batch that fails also rejects the waiting items; by default these are processed on their own. */
  rejectsWaiting?: boolean;
}

interface Added<Item, Result> {
  items: readonly Item[];
  resolve: (results: Result[]) => void;
  reject: (reason: unknown) => void;
}

/**
 * Processes items in batches, one batch after the other: items that are added meanwhile make up the next. A single item
 * does not wait for others (unless `delayMs` says so); in a burst many share one round trip.
 */
export class Batcher<Item, Result = never> {
  private readonly waiting: Added<Item, Result>[] = [];
  private isRunning = false;
  private endDelay: (() => void) | null = null;

  /** @param process returns one result per item, in the same order; an empty list where callers need none */
  constructor(
    private readonly options: BatcherOptions<Item>,
    private readonly process: (items: readonly Item[]) => Promise<readonly Result[]>,
  ) {}

  /**
   * Adds items to the next batch; without items it waits for those that were added before.
   * @returns one result per item @throws what processing throws, to all who share the batch
   */
  add(items: readonly Item[]): Promise<Result[]> {
    const added = this.push(items);
    this.start();

    return added;
  }

  /** Adds items that may end up in different batches. @throws what processing throws to the first that fails */
  async addEach(items: readonly Item[]): Promise<Result[]> {
    const added = items.map((item) => this.push([item]));
    this.start();

    return (await Promise.all(added)).flat();
  }

  /** Ends the delay of waiting items. Resolves when all items so far are processed; never throws. */
  async flush(): Promise<void> {
    this.endDelay?.();
    if (this.isRunning) await Promise.allSettled([this.add([])]);
  }

  private push(items: readonly Item[]): Promise<Result[]> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ items, resolve, reject });
    });
  }

  private start(): void {
    if (!this.isRunning) void this.run();
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    if (this.options.delayMs !== undefined) await this.delay(this.options.delayMs);
    while (this.waiting.length > 0) await this.processBatch(this.nextBatch());
    this.isRunning = false;
  }

  private delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (ms === 0) {
        setImmediate(resolve);

        return;
      }
      const timer = setTimeout(resolve, ms);
      this.endDelay = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Removes from the front what fits into one batch: at least what was added first. */
  private nextBatch(): Added<Item, Result>[] {
    if (this.waiting.length === 1) return this.waiting.splice(0);
    const { maxItems = Infinity, size } = this.options;
    let count = 0;
    let total = 0;
    const end = this.waiting.findIndex(({ items }, index) => {
      count += items.length;
      if (size) total += items.reduce((sum, item) => sum + size.of(item), 0);

      return index > 0 && (count > maxItems || (size !== undefined && total > size.max));
    });

    return this.waiting.splice(0, end < 0 ? this.waiting.length : end);
  }

  /** Never throws: each caller gets the error. */
  private async processBatch(batch: readonly Added<Item, Result>[]): Promise<void> {
    try {
      const items = batch.flatMap((added) => added.items);
      const results = items.length > 0 ? await this.process(items) : [];
      let done = 0;
      for (const added of batch) added.resolve(results.slice(done, (done += added.items.length)));
    } catch (error) {
      const others = this.options.rejectsWaiting ? this.waiting.splice(0) : [];
      for (const { reject } of [...batch, ...others]) reject(error);
    }
  }
}
