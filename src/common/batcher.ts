interface Waiting<Item, Result> {
  items: readonly Item[];
  resolve: (results: Result[]) => void;
  reject: (reason: unknown) => void;
}

/**
 * Does work in batches, one after the other: what is asked for while one is under way makes up the next. Alone,
 * nothing waits for company; in a burst many share one round trip.
 */
export class Batcher<Item, Result> {
  private readonly waiting: Waiting<Item, Result>[] = [];
  private isWorking = false;

  /**
   * @param max items in a batch; what is asked for together stays together, even if it is more
   * @param work gives one result per item, in the same order
   */
  constructor(
    private readonly max: number,
    private readonly work: (items: readonly Item[]) => Promise<readonly Result[]>,
  ) {}

  /** Resolves with one result per item. @throws what the work throws, to all who share a batch */
  add(items: readonly Item[]): Promise<Result[]> {
    const added = new Promise<Result[]>((resolve, reject) => {
      this.waiting.push({ items, resolve, reject });
    });
    void this.workOff();

    return added;
  }

  private async workOff(): Promise<void> {
    if (this.isWorking) return;
    this.isWorking = true;
    // What arrives in the same turn of the event loop belongs to the first batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) await this.workOn(this.takeBatch());
    this.isWorking = false;
  }

  private takeBatch(): Waiting<Item, Result>[] {
    let size = 0;
    const count = this.waiting.findIndex(({ items }) => (size += items.length) > this.max);

    return this.waiting.splice(0, count < 0 ? this.waiting.length : Math.max(count, 1));
  }

  /** Never throws: everybody is told for himself. */
  private async workOn(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.work(batch.flatMap(({ items }) => items));
      let done = 0;
      for (const { items, resolve } of batch) resolve(results.slice(done, (done += items.length)));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
