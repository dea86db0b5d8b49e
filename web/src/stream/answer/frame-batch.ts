/** The longest that a hidden page, which draws no frames, waits. */
const HIDDEN_MS = 250;

/** Collects items and hands them over together, once an animation frame. */
export class FrameBatch<T> {
  private items: T[] = [];
  private cancel: (() => void) | null = null;

  constructor(private readonly onBatch: (items: readonly T[]) => void) {}

  add(item: T): void {
    this.items.push(item);
    this.cancel ??= this.schedule();
  }

  flush(): void {
    this.cancel?.();
    this.cancel = null;
    const items = this.items;
    this.items = [];
    if (items.length > 0) this.onBatch(items);
  }

  private schedule(): () => void {
    const frame = requestAnimationFrame(() => this.flush());
    const timer = setTimeout(() => this.flush(), HIDDEN_MS);

    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }
}
