import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asNumber, asObject, asText, type JsonObject, parseObject } from '../../common/text/json.js';

/** What a turn began with. */
export interface TurnStart {
  subtaskId: number;
  /** The commit that its changes are compared with; null without a repository. */
  base: string | null;
}

/** Names a session to an engine, and so must never look like an option. */
const SESSION_ID = /^[A-Za-z0-9][\w-]{0,127}$/;

/**
 * What the next turn and the next container need to know, in one file of the workspace. Engines can write there: what is
 * read from it is checked.
 */
export class WorkspaceState {
  private readonly file: string;

  constructor(private readonly directory: string) {
    this.file = join(directory, 'state.json');
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

  private read(): JsonObject {
    try {
      return parseObject(readFileSync(this.file, 'utf8')) ?? {};
    } catch {
      return {};
    }
  }

  private write(state: JsonObject): void {
    mkdirSync(this.directory, { recursive: true });
    const made = `${this.file}.new`;
    writeFileSync(made, JSON.stringify(state), { mode: 0o600 });
    renameSync(made, this.file);
  }
}
