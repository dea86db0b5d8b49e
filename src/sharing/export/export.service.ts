import { Injectable } from '@nestjs/common';
import { AnswerEvents } from '../../direct-chat/request/answer-events.js';
import { toSubtaskDto } from '../../tasks/subtasks.dto.js';
import type { ExportedTaskDto } from '../../tasks/tasks.dto.js';
import { TasksService } from '../../tasks/tasks.service.js';
import type { SubtaskRow } from '../../tasks/turns/answer-turn.js';
import { ConversationPaths } from '../../tasks/turns/conversation-paths.js';
import type { ExportFormat } from './export.dto.js';
import { attachment } from './file-name.js';
import { markdownHead, markdownMessage } from './markdown.js';

/** A file that is read piece by piece. */
export interface ExportedFile {
  type: string;
  disposition: string;
  text: AsyncIterable<string>;
}

const FILES: Record<ExportFormat, { type: string; extension: string }> = {
  markdown: { type: 'text/markdown; charset=utf-8', extension: 'md' },
  json: { type: 'application/json; charset=utf-8', extension: 'json' },
  ndjson: { type: 'application/x-ndjson; charset=utf-8', extension: 'ndjson' },
};

/** Writes conversations as files. No more than a few messages are in memory at a time. */
@Injectable()
export class ExportService {
  constructor(
    private readonly tasks: TasksService,
    private readonly conversations: ConversationPaths,
    private readonly events: AnswerEvents,
  ) {}

  /** Begins a file. @throws AppError not_found, before anything is sent */
  async open(userId: number, taskId: number, format: ExportFormat): Promise<ExportedFile> {
    const task = await this.tasks.summary(userId, taskId);
    const { type, extension } = FILES[format];

    return {
      type,
      disposition: attachment(task.title, `conversation-${taskId}`, extension),
      text: this.textOf(task, format),
    };
  }

  private textOf(task: ExportedTaskDto, format: ExportFormat): AsyncIterable<string> {
    switch (format) {
      case 'markdown':
        return this.markdown(task);
      case 'json':
        return this.json(task);
      case 'ndjson':
        return this.ndjson(task);
    }
  }

  private async *markdown(task: ExportedTaskDto): AsyncGenerator<string> {
    yield markdownHead(task);
    for await (const message of this.conversations.rows(task.id, 'shown')) yield markdownMessage(message);
  }

  private async *json(task: ExportedTaskDto): AsyncGenerator<string> {
    yield `{"task":${JSON.stringify(task)},"subtasks":[`;
    let separator = '\n';
    for await (const message of this.conversations.rows(task.id, 'all')) {
      yield separator + JSON.stringify(toSubtaskDto(message));
      separator = ',\n';
    }
    yield '\n]}\n';
  }

  private async *ndjson(task: ExportedTaskDto): AsyncGenerator<string> {
    yield line({ type: 'task', task });
    for await (const { question, answers } of turnsIn(this.conversations.rows(task.id, 'shown'))) {
      if (question) yield line({ type: 'question', subtask: toSubtaskDto(question) });
      const [first, ...others] = answers;
      if (!first) continue;
      for await (const { id, event } of this.events.of([first, ...others])) yield line({ type: 'event', id, event });
    }
  }
}

const line = (value: object) => `${JSON.stringify(value)}\n`;

interface ExportedTurn {
  question: SubtaskRow | null;
  answers: SubtaskRow[];
}

/** Joins questions with their answers. */
async function* turnsIn(messages: AsyncIterable<SubtaskRow>): AsyncGenerator<ExportedTurn> {
  let turn: ExportedTurn = { question: null, answers: [] };
  for await (const message of messages) {
    if (message.role === 'ASSISTANT') turn.answers.push(message);
    else {
      yield turn;
      turn = { question: message, answers: [] };
    }
  }
  yield turn;
}
