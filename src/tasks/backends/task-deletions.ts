import { Injectable } from '@nestjs/common';

/** Called before a task is deleted; called again when the deletion is repeated. */
export type BeforeDelete = (taskId: number) => Promise<void>;

/** Features that keep something for a task elsewhere say here how it is cleared away. */
@Injectable()
export class TaskDeletions {
  private readonly handlers: BeforeDelete[] = [];

  beforeDelete(handler: BeforeDelete): void {
    this.handlers.push(handler);
  }

  /** Before the row is marked, so that nothing is left over when the process dies in between. */
  async announce(taskId: number): Promise<void> {
    for (const handler of this.handlers) await handler(taskId);
  }
}
