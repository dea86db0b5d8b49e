/**
 * Events between features: the payload classes of all events, each with its name. Published by
 * `emitAsync(X.eventName, new X(…))` of the EventEmitter2 that Nest injects, received by `@OnEvent(X.eventName)`.
 *
 * Listeners stand before the application starts its workers and until all of them are closed, because the event emitter
 * is the first module of the application. With `suppressErrors: false` an error of a listener reaches the publisher.
 */

/** A model, shell, bot or team was changed: caches of them are stale. */
export class CacheInvalidatedEvent {
  static readonly eventName = 'cache.invalidated';

  /** @param isForeign whether another process has changed it */
  constructor(readonly isForeign: boolean) {}
}

/** An account was changed: caches of it are stale, and its tokens may have ended. */
export class UserChangedEvent {
  static readonly eventName = 'user.changed';

  /** @param isForeign whether another process has changed it */
  constructor(
    readonly userName: string,
    readonly isForeign: boolean,
  ) {}
}

/** A shell of a user was stored with an image that it did not have before. */
export class ShellImageChangedEvent {
  static readonly eventName = 'shell.image-changed';

  constructor(
    readonly userId: number,
    readonly shellName: string,
    readonly shellType: string,
    /** Canonical name. */
    readonly image: string,
  ) {}
}

/** An executor that belongs to no task has done its work: its container is to be deleted. */
export class ExecutorDoneEvent {
  static readonly eventName = 'executor.done';

  constructor(readonly executorName: string) {}
}

/** Tasks were changed and the changes committed. Published at least once for each change, and again while a listener fails. */
export class TasksChangedEvent {
  static readonly eventName = 'tasks.changed';

  /** @param endedIds those of the tasks whose turn has ended */
  constructor(
    readonly taskIds: readonly number[],
    readonly endedIds: readonly number[] = [],
  ) {}
}
