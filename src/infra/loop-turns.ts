const PER_TURN = 2;

/**
 * Lets work that arrives in a burst begin a little at a time, so that what runs already gets its turn in between.
 *
 * Two hundred requests that one read of the network brings are otherwise handled in one go, which holds every stream
 * up for 60 to 100 ms. Alone, work begins at once.
 */
export class LoopTurns {
  private readonly waiting: (() => void)[] = [];
  private begun = 0;
  private scheduled = false;

  /** @param perTurn how many pieces of work begin in one turn of the event loop */
  constructor(private readonly perTurn = PER_TURN) {}

  /** Begins `work` now or in one of the next turns, in order. */
  begin(work: () => void): void {
    if (this.waiting.length === 0 && this.begun < this.perTurn) {
      this.begun += 1;
      work();
    } else {
      this.waiting.push(work);
    }
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.turn());
  }

  private turn(): void {
    this.scheduled = false;
    this.begun = 0;
    for (const work of this.waiting.splice(0, this.perTurn)) {
      this.begun += 1;
      work();
    }
    if (this.begun > 0) this.schedule();
  }
}
