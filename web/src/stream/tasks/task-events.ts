import type { AnswerConnection } from '../answer/answer-state';
import { followTask } from '../answer/answer-stream';
import { EventStream } from '../event-stream';
import { type LiveTask, liveTasks, type TaskEvent, taskConnection, updateLiveTasks } from './live-tasks';
import { requestStream } from '../request-stream';
import { updateTaskCaches } from './task-cache';
import { followUnread, noticeEnd } from './unread';
import { isOnline, isVisible, onWakeUp } from '../wake-ups';

const NAME = 'conch-task-events';
/** How long the leading tab waits for one that is visible. */
const VISIBLE_REPLY_MS = 300;

/** What the tabs of a browser tell each other. */
type TabMessage =
  | { type: 'event'; id: string | null; event: TaskEvent }
  | { type: 'connection'; connection: AnswerConnection }
  /** A tab was opened: the leading one sends what it knows. */
  | { type: 'hello' }
  | { type: 'known'; id: string | null; tasks: LiveTask[]; connection: AnswerConnection }
  /** Asks for a tab that is visible, which answers. */
  | { type: 'is_visible' }
  | { type: 'visible' };

/**
 * The live events of all tasks. One tab of the browser has the stream and passes it on to the others, because browsers
 * allow six connections to a server without HTTP/2; when it is closed the next one resumes. Without Web Locks, which
 * need a secure context, each tab has its own stream.
 */
export class TaskEvents {
  private readonly channel = new BroadcastChannel(NAME);
  private readonly closing = new AbortController();
  private stream: EventStream | null = null;
  private lastEventId: string | null = null;
  private visibleAt = 0;

  /** @param onEndUnseen called in one tab, when an answer has ended while no tab was visible */
  constructor(private readonly onEndUnseen: (task: LiveTask) => void) {}

  /** @returns a function that ends it */
  start(): () => void {
    const endUnread = followUnread();
    if ('locks' in navigator) this.share(navigator.locks);
    else this.lead();

    return () => {
      endUnread();
      this.closing.abort();
      this.stream?.close();
      this.channel.close();
    };
  }

  private share(locks: LockManager): void {
    const { signal } = this.closing;
    this.channel.onmessage = ({ data }: MessageEvent<TabMessage>) => this.receive(data);
    this.channel.postMessage({ type: 'hello' } satisfies TabMessage);
    const leadUntilClosed = () =>
      new Promise<void>((resolve) => {
        // The lock may be granted in the very moment in which the page closes.
        if (signal.aborted) return resolve();
        signal.addEventListener('abort', () => resolve());
        this.lead();
      });
    // Rejected when the page closes before its turn has come.
    void locks.request(NAME, { signal }, leadUntilClosed).catch(() => undefined);
  }

  private lead(): void {
    this.stream = new EventStream({
      lastEventId: this.lastEventId,
      open: (lastEventId, signal) => requestStream('/api/tasks/events', lastEventId, signal),
      onMessage: ({ id, data }) => this.publish(id, JSON.parse(data) as TaskEvent),
      onConnection: (connection) => {
        taskConnection.set(connection);
        this.send({ type: 'connection', connection });
      },
      isComplete: () => false,
      onWakeUp,
      isOnline,
    });
    this.stream.start();
  }

  private publish(id: string | null, event: TaskEvent): void {
    this.send({ type: 'event', id, event });
    this.apply(id, event);
    if (event.type === 'task' && noticeEnd(event.task)) this.callUnlessVisible(event.task);
  }

  private apply(id: string | null, event: TaskEvent): void {
    if (id !== null) this.lastEventId = id === '' ? null : id;
    updateLiveTasks(event);
    updateTaskCaches(event);
    if (event.type === 'task') followTask(event.task);
  }

  private receive(message: TabMessage): void {
    switch (message.type) {
      case 'event':
        return this.apply(message.id, message.event);
      case 'connection':
        return taskConnection.set(message.connection);
      case 'hello':
        return this.sendKnown();
      case 'known':
        return this.adopt(message);
      case 'is_visible':
        if (isVisible()) this.send({ type: 'visible' });

        return;
      case 'visible':
        this.visibleAt = Date.now();
    }
  }

  private sendKnown(): void {
    if (!this.stream) return;
    const tasks = [...liveTasks.get().values()];
    this.send({ type: 'known', id: this.lastEventId, tasks, connection: taskConnection.get() });
  }

  private adopt({ id, tasks, connection }: Extract<TabMessage, { type: 'known' }>): void {
    if (this.stream) return;
    this.lastEventId = id;
    liveTasks.set(new Map(tasks.map((task) => [task.id, task])));
    taskConnection.set(connection);
  }

  private callUnlessVisible(task: LiveTask): void {
    if (isVisible()) return;
    const askedAt = Date.now();
    this.send({ type: 'is_visible' });
    setTimeout(() => {
      if (this.visibleAt < askedAt) this.onEndUnseen(task);
    }, VISIBLE_REPLY_MS);
  }

  private send(message: TabMessage): void {
    if (!this.closing.signal.aborted) this.channel.postMessage(message);
  }
}
