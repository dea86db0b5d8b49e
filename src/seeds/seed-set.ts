/** Combines the documents of all seed files into the rows to store, or reports every problem. */
import type { BotSeed } from '../bots/bots.service.js';
import type { ModelSeed } from '../models/model-values.js';
import type { ShellSeed } from '../shells/shells.service.js';
import { DocumentReader } from './document-reader.js';
import type { Path, SeedDocument, SeedFile } from './seed-file.js';
import {
  type Ghost,
  readBot,
  readGhost,
  readModel,
  readShell,
  readTeam,
  type SeedModel,
  type SeedTeam,
} from './seed-kinds.js';

const API_VERSION = 'agent.wecode.io/v1';
const LOADED_KINDS = ['Ghost', 'Model', 'Shell', 'Bot', 'Team'];
const SKIPPED_KINDS = ['Task', 'Workspace', 'Skill', 'Collaboration'];

export interface SeedSet {
  shells: ShellSeed[];
  models: ModelSeed[];
  bots: BotSeed[];
  teams: (SeedTeam & { name: string })[];
  /** What was not loaded, and why. */
  logLines: string[];
}

/** Thrown at start with every problem of the seed files in one message. */
export class SeedsError extends Error {
  constructor(readonly problems: string[]) {
    super(`The seed files have ${problems.length} problem(s):\n${problems.map((line) => `  - ${line}`).join('\n')}`);
    this.name = 'SeedsError';
  }
}

/** @throws SeedsError naming file, document and field of every problem */
export function buildSeedSet(files: readonly SeedFile[]): SeedSet {
  const builder = new SeedSetBuilder();
  for (const file of files) builder.addFile(file);

  return builder.build();
}

class SeedSetBuilder {
  private readonly problems: string[] = [];
  private readonly logLines: string[] = [];
  /** By kind and name. */
  private readonly readers = new Map<string, DocumentReader>();
  /** By kind and name: why it was not loaded. */
  private readonly missing = new Map<string, string>();

  addFile(file: SeedFile): void {
    this.problems.push(...file.problems);
    if (file.unset.length === 0) {
      for (const document of file.documents) this.addDocument(document);

      return;
    }
    const reason = `${file.name} is not loaded: ${file.unset.join(', ')} not set`;
    this.logLines.push(reason);
    for (const { kind, name } of file.documents) this.missing.set(`${kind} ${name}`, reason);
  }

  build(): SeedSet {
    const ghosts = this.readAll('Ghost', readGhost);
    const shells = this.readAll('Shell', readShell);
    const models = this.readAll('Model', readModel);
    const bots = [...this.readAll('Bot', (reader) => this.botSeed(reader, ghosts, models)).values()];
    const teams = this.readAll('Team', (reader) => this.team(reader));
    if (this.problems.length > 0) throw new SeedsError(this.problems);

    return {
      shells: [...shells.values()],
      models: [...models.values()].flatMap((model) => (model?.kind === 'model' ? [model.model] : [])),
      bots,
      teams: [...teams].map(([name, team]) => ({ ...team, name })),
      logLines: this.logLines,
    };
  }

  private addDocument(document: SeedDocument): void {
    const reader = new DocumentReader(document, this.problems);
    if (SKIPPED_KINDS.includes(document.kind)) {
      this.logLines.push(`${document.label} is skipped: this kind is not seeded`);

      return;
    }
    if (!LOADED_KINDS.includes(document.kind)) {
      reader.problem(['kind'], `must be one of ${[...LOADED_KINDS, ...SKIPPED_KINDS].join(', ')}`);

      return;
    }
    if (reader.value(['apiVersion']) !== API_VERSION) reader.problem(['apiVersion'], `must be ${API_VERSION}`);
    if (reader.text(['metadata', 'name'])) this.register(reader, document);
  }

  private register(reader: DocumentReader, { kind, name }: SeedDocument): void {
    const other = this.readers.get(`${kind} ${name}`);
    if (other) reader.problem(['metadata', 'name'], `is taken by ${other.document.label}`);
    else this.readers.set(`${kind} ${name}`, reader);
  }

  private readAll<T>(kind: string, read: (reader: DocumentReader) => T): Map<string, T> {
    const ofKind = [...this.readers.values()].filter(({ document }) => document.kind === kind);

    return new Map(ofKind.map((reader) => [reader.name, read(reader)]));
  }

  private botSeed(reader: DocumentReader, ghosts: Map<string, Ghost>, models: Map<string, SeedModel | null>): BotSeed {
    const bot = readBot(reader);
    this.requireRef(reader, ['spec', 'ghostRef', 'name'], 'Ghost', bot.ghost);
    this.requireRef(reader, ['spec', 'shellRef', 'name'], 'Shell', bot.shell);
    if (bot.model) this.requireRef(reader, ['spec', 'modelRef', 'name'], 'Model', bot.model);
    const ghost = ghosts.get(bot.ghost) ?? { systemPrompt: '', mcpServers: {}, skills: [] };
    const model = bot.model === null ? null : models.get(bot.model);
    const ownEnv = model?.kind === 'env' ? { env: model.env } : {};
    const agentConfig = model?.kind === 'model' ? { bind_model: model.model.name } : ownEnv;

    return { name: reader.name, shellName: bot.shell, agentConfig, ...ghost };
  }

  private team(reader: DocumentReader): SeedTeam {
    const team = readTeam(reader);
    team.members.forEach(({ bot }, index) =>
      this.requireRef(reader, ['spec', 'members', index, 'botRef', 'name'], 'Bot', bot),
    );

    return team;
  }

  private requireRef(reader: DocumentReader, path: Path, kind: string, name: string): void {
    if (name === '' || this.readers.has(`${kind} ${name}`)) return;
    const reason = this.missing.get(`${kind} ${name}`);
    reader.problem(path, `no ${kind} "${name}"${reason ? ` (${reason})` : ''}`);
  }
}
