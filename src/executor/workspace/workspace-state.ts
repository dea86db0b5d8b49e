import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asNumber, asObject, asText, type JsonObject, parseObject } from '../../common/text/json.js';
import { isLiveEvent, type LiveEvent } from '../reporting/live-event.js';

/** What a turn began with. */
export interface TurnStart {
  subtaskId: number;
  /** The commit that its changes are compared with; null without a repository. */
  base: string | null;
}

/** Names a session to an engine, and so must never look like an option. */
const SESSION_ID = /^[A-Za-z0-9][\w-]{0,127}$/;

/**
 * What the next turn and the next container need to know, in files of the workspace. Engines can write there: what is read
 * from them is checked.
 */
export class WorkspaceState {
  private readonly file: string;
  private readonly answerFile: string;

  constructor(private readonly directory: string) {
    this.file = join(directory, 'state.json');
    this.answerFile = join(directory, 'answer.json');
  }

  /** The session of a bot; undefined for its first turn. */
  session(botId: number): string | undefined {
    const id = asText(asObject(this.read()['sessions'])?.[String(botId)]);

    return id !== undefined && SESSION_ID.test(id) ? id : undefined;
  }

  /** @param id null: it is gone */
  saveSession(botId: number, id: string | null): void {
    const { [String(botId)]: _old, ...others } = asObject(this.read()['sessions']) ?? {};
    this.write({ ...this.read(), sessions: { ...others, ...(id !== null && { [String(botId)]: id }) } });
  }

  /** The turn that began last. */
  turn(): TurnStart | null {
    const turn = asObject(this.read()['turn']);
    const subtaskId = asNumber(turn?.['subtask_id']);
    const base = asText(turn?.['base']) ?? null;
    if (subtaskId === undefined) return null;

    return { subtaskId, base: base !== null && /^[0-9a-f]{7,64}$/.test(base) ? base : null };
  }

  saveTurn({ subtaskId, base }: TurnStart): void {
    this.write({ ...this.read(), turn: { subtask_id: subtaskId, base } });
  }

  /** Keeps a whole answer until the API has it. */
  saveAnswer(subtaskId: number, events: readonly LiveEvent[]): void {
    this.replace(this.answerFile, { subtask_id: subtaskId, events });
  }

  /** The whole answer of a subtask that the API may not have; null without one. */
  answer(subtaskId: number): LiveEvent[] | null {
    const saved = read(this.answerFile);
    const events: unknown = saved['events'];
    if (saved['subtask_id'] !== subtaskId || !Array.isArray(events)) return null;

    return (events as unknown[]).filter(isLiveEvent);
  }

  removeAnswer(): void {
    rmSync(this.answerFile, { force: true });
  }

  private read(): JsonObject {
    return read(this.file);
  }

  private write(state: JsonObject): void {
    this.replace(this.file, state);
  }

  /** A crash leaves either the old or the new file. */
  private replace(file: string, content: JsonObject): void {
    mkdirSync(this.directory, { recursive: true });
    const made = `${file}.new`;
    writeFileSync(made, JSON.stringify(content), { mode: 0o600 });
    renameSync(made, file);
  }
}

function read(file: string): JsonObject {
  try {
    return parseObject(readFileSync(file, 'utf8')) ?? {};
  } catch {
    return {};
  }
}
