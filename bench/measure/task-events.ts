/** The live events of all tasks of a user, read as a browser does. */
import { createParser } from 'eventsource-parser';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { clockMs } from './clock.js';

interface TaskEvent {
  type: string;
  subtask?: { id: number; progress: number };
}

/** Notes when the progress of a subtask was first heard of. */
export class TaskEvents {
  /** Event after event: which subtask, how far, when. */
  readonly heard: { subtaskId: number; progress: number; at: number }[] = [];

  private constructor(private readonly response: IncomingMessage) {
    const parser = createParser({ onEvent: ({ data }) => this.note(JSON.parse(data) as TaskEvent) });
    response.setEncoding('utf8').on('data', (text: string) => parser.feed(text));
    // Closing it ends it with an error.
    response.on('error', () => undefined);
  }

  static async open(base: string): Promise<TaskEvents> {
    const [response] = (await once(request(`${base}/api/tasks/events`).end(), 'response')) as [IncomingMessage];
    if (response.statusCode !== 200) throw new Error(`task events: HTTP ${response.statusCode}`);

    return new TaskEvents(response);
  }

  close(): void {
    this.response.destroy();
  }

  private note({ subtask }: TaskEvent): void {
    if (subtask) this.heard.push({ subtaskId: subtask.id, progress: subtask.progress, at: clockMs() });
  }
}
