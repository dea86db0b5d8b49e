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
  unusable,
} from './seed-kinds.js';

const API_VERSION = 'agent.wecode.io/v1';
const LOADED_KINDS = ['Ghost', 'Model', 'Shell', 'Bot', 'Team'];

export interface SeedSet {
  shells: ShellSeed[];
  models: ModelSeed[];
  bots: BotSeed[];
  teams: (SeedTeam & { name: string })[];
  /** Files that are not loaded, and why. */
  logLines: string[];
  /** What was skipped or changed, and why. */
  warnings: string[];
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
  private readonly warnings: string[] = [];
  /** By kind and name. */
  private readonly readers = new Map<string, DocumentReader>();
  /** By kind and name: why it was not loaded. */
  private readonly missing = new Map<string, string>();

  addFile(file: SeedFile): void {
    this.problems.push(...file.problems);
    this.warnings.push(...file.warnings);
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
      warnings: this.warnings,
    };
  }

  private addDocument(document: SeedDocument): void {
    const reader = new DocumentReader(document, this.problems, this.warnings);
    const { content, kind, label, name } = document;
    if (content.kind === undefined && content.metadata === undefined) {
      this.warnings.push(`${label} is skipped: without kind and metadata it is no resource`);
    } else if (typeof content.kind !== 'string') reader.problem(['kind'], `must be one of ${LOADED_KINDS.join(', ')}`);
    else if (LOADED_KINDS.includes(kind)) this.addLoaded(reader, document);
    else this.skip(document, `there are no resources of this kind here (line ${document.lineOf(['kind'])})`, name);
  }

  private addLoaded(reader: DocumentReader, document: SeedDocument): void {
    if (reader.value(['apiVersion']) !== API_VERSION) reader.problem(['apiVersion'], `must be ${API_VERSION}`);
    if (!reader.text(['metadata', 'name'])) return;
    const reason = unusable(reader);
    if (reason === null) this.register(reader, document);
    else this.skip(document, reason, reader.name);
  }

  private skip({ kind, label }: SeedDocument, reason: string, name: string): void {
    const warning = `${label} is skipped: ${reason}`;
    this.warnings.push(warning);
    this.missing.set(`${kind} ${name}`, warning);
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
    if (bot.model) this.expectModel(reader, bot.model);
    const ghost = ghosts.get(bot.ghost) ?? { systemPrompt: '', mcpServers: {}, skills: [] };
    const model = bot.model === null ? null : models.get(bot.model);
    const ownEnv = model?.kind === 'env' ? { env: model.env } : {};
    const agentConfig = bot.model !== null && model?.kind !== 'env' ? { bind_model: bot.model } : ownEnv;

    return { name: reader.name, shellName: bot.shell, agentConfig, ...ghost };
  }

  private team(reader: DocumentReader): SeedTeam {
    const team = readTeam(reader);
    team.members.forEach(({ bot }, index) =>
      this.requireRef(reader, ['spec', 'members', index, 'botRef', 'name'], 'Bot', bot),
    );

    return team;
  }

  /** Wegent's files refer to models that only its operators have. Such a bot says that its model does not exist. */
  private expectModel(reader: DocumentReader, name: string): void {
    const problem = this.problemOfRef('Model', name);
    if (problem)
      reader.warn(['spec', 'modelRef', 'name'], `${problem}: the bot cannot answer until a seed file has it`);
  }

  private requireRef(reader: DocumentReader, path: Path, kind: string, name: string): void {
    const problem = this.problemOfRef(kind, name);
    if (problem) reader.problem(path, problem);
  }

  private problemOfRef(kind: string, name: string): string | null {
    if (name === '' || this.readers.has(`${kind} ${name}`)) return null;
    const reason = this.missing.get(`${kind} ${name}`);

    return `no ${kind} "${name}"${reason ? ` (${reason})` : ''}`;
  }
}
