import { Injectable, Logger } from '@nestjs/common';
import type { ResolvedBot } from '../../bots/bot-resolver.js';
import type { FieldProblem } from '../../common/app-error.js';
import type { DifyConnection, DifyFile } from '../../common/contracts/dify.js';
import type { JsonObject } from '../../common/text/json.js';
import { splitPrompt } from '../../common/text/prompt.js';
import { DIFY_SHELL } from '../../common/contracts/shell-types.js';
import { storageProblems } from '../../common/text/storable.js';
import { within } from '../../common/async/within.js';
import { invalid } from '../../infra/http/server/validation.pipe.js';
import { ConversationPaths } from '../../tasks/turns/conversation-paths.js';
import { DifyApps } from '../client/dify-apps.js';
import { mergeInputs } from './input-form.js';
import { type AskedApp, checkTurn, NO_TEXT } from './turn-inputs.js';

/** How long a request waits for the check. Without it the run itself reports the problems. */
const PATIENCE_MS = 3_000;

/** A bot that answers. */
export type Answering = Pick<ResolvedBot, 'shellType' | 'dify'>;

/** A turn whose inputs are checked. */
export interface TurnToCheck {
  userId: number;
  /** Undefined for a new task. */
  taskId?: number | undefined;
  teamId: number;
  /** Position of the message that it follows; by default the last one of the path that is shown. */
  parentId?: number | undefined;
  /** As it was sent, maybe with inputs in front. */
  prompt: string;
  inputs: JsonObject | null;
  files: readonly DifyFile[] | null;
}

/** What is stored with a turn. */
export interface InputsToKeep {
  inputs: JsonObject | null;
  files: readonly DifyFile[] | null;
}

/** Checks the inputs and files of turns for apps. */
@Injectable()
export class DifyInputs {
  private readonly log = new Logger(DifyInputs.name);

  constructor(
    private readonly apps: DifyApps,
    private readonly conversations: ConversationPaths,
  ) {}

  /**
   * Merges the inputs of a turn with those of the turn before and checks them against the form of every
   * app that answers. Inputs of an app that does not answer are not checked.
   * @param bots all that answer
   * @throws AppError dify_input_invalid, bad_request where no bot is an app
   */
  async check(bots: readonly Answering[], turn: TurnToCheck): Promise<InputsToKeep> {
    if (!bots.some(isApp)) return refuseAll(turn);
    const { text, inputs: inFront, isBroken } = splitPrompt(turn.prompt);
    const wrong = isBroken ? [BROKEN_BLOCK] : storageProblems(inFront).map(inPrompt);
    if (text.trim() === '' && !bots.every(isApp)) wrong.push(NO_TEXT);
    if (wrong.length > 0) throw invalid(wrong, 'dify_input_invalid');
    const brought = mergeInputs(await this.before(turn), turn.inputs, inFront);
    const connections = bots.flatMap(({ dify }) => dify ?? []);
    const apps = await Promise.all(connections.map((connection) => this.ask(connection)));
    const files = turn.files ?? [];
    const { inputs, problems } = checkTurn(apps, { text, inputs: brought, files });
    if (problems.length > 0) throw invalid(problems, 'dify_input_invalid');

    return { inputs: Object.keys(inputs).length > 0 ? inputs : null, files: files.length > 0 ? files : null };
  }

  private async before({ taskId, parentId, ...ids }: TurnToCheck): Promise<JsonObject | null> {
    return taskId === undefined ? null : this.conversations.newestInputs({ ...ids, taskId }, parentId);
  }

  private async ask(connection: DifyConnection): Promise<AskedApp> {
    const facts = Promise.all([this.apps.form(connection), this.apps.mode(connection)]);
    try {
      const [form, mode] = await within(PATIENCE_MS, 'the app does not answer', facts);

      return { defaults: connection.inputs, form, mode };
    } catch (error) {
      this.log.warn(`inputs not checked: ${(error as Error).message}`);

      return { defaults: connection.inputs, form: null, mode: null };
    }
  }
}

const isApp = ({ shellType }: Answering) => shellType === DIFY_SHELL;

const BROKEN_BLOCK: FieldProblem = {
  field: 'prompt',
  message: 'prompt begins with an [EXTERNAL_API_PARAMS] block that is not a JSON object',
};

const inPrompt = ({ field, message }: FieldProblem): FieldProblem => ({
  field: 'prompt',
  message: `prompt: the input ${field} ${message}`,
});

/** Models use a prompt only; the rest is refused rather than ignored. */
function refuseAll({ inputs, files }: TurnToCheck): InputsToKeep {
  const field = inputs && Object.keys(inputs).length > 0 ? 'inputs' : files && files.length > 0 ? 'files' : null;
  if (field === null) return { inputs: null, files: null };
  const message = `${field} are for Dify apps; this team answers from a model, which takes a prompt only`;
  throw invalid([{ field, message }], 'bad_request');
}
