import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ProgramMissingError, runLineProgram } from '../../processes/line-program.js';
import type { WorkBot } from '../../tasks/work-item.js';
import { type Engine, EngineError, type EngineTurn } from '../engine.js';
import { mcpServers } from '../mcp-servers.js';
import { modelConnection } from '../model-connection.js';
import { providerErrorCode } from '../provider-errors.js';
import { AgnoOutput } from './agno-output.js';

/** Beside the bundle. */
const RUNNER = fileURLToPath(new URL('agno_runner.py', import.meta.url));

/** Answers with agents of the Python package agno, which the image brings. */
export class AgnoEngine implements Engine {
  constructor(
    private readonly runner = RUNNER,
    private readonly program = 'python3',
  ) {}

  async run(turn: EngineTurn): Promise<void> {
    const [leader] = turn.work.bots;
    const sessionId = turn.sessionId ?? `task-${turn.work.taskId}-${leader.id}`;
    const output = new AgnoOutput(turn.emit);
    const job = {
      ...{ prompt: turn.work.prompt, mode: turn.work.mode, session_id: sessionId, directory: turn.directory },
      ...{ database: join(turn.home, 'agno.db'), bots: turn.work.bots.map(botOf) },
    };
    turn.onSession(sessionId);
    try {
      const end = await runLineProgram({
        ...{ program: this.program, args: ['-u', this.runner], cwd: turn.directory, input: JSON.stringify(job) },
        env: { ...turn.env, HOME: turn.home, AGNO_TELEMETRY: 'false', PYTHONDONTWRITEBYTECODE: '1' },
        ...{ signal: turn.signal, onLine: (line) => output.read(line) },
      });
      turn.signal.throwIfAborted();
      if (output.error) throw failure(output.error);
      if (!output.isDone)
        throw new EngineError(`agno ended with ${end.code ?? end.signal}: ${end.stderr.split('\n').at(-1)}`);
    } catch (error) {
      if (!(error instanceof ProgramMissingError)) throw error;
      throw new EngineError('The image has no program "python3", which the shell Agno needs');
    }
  }
}

/** @throws EngineError model_not_configured */
function botOf(bot: WorkBot) {
  const { provider, modelId, apiKey, authToken, baseUrl, headers } = modelConnection(bot, 'openai');
  if (modelId === undefined)
    throw new EngineError(`Bot "${bot.name}": its model has no MODEL_ID`, 'model_not_configured');

  return {
    ...{ name: bot.name, role: bot.role, system_prompt: bot.systemPrompt, mcp_servers: mcpServers(bot.mcpServers) },
    model: { provider, id: modelId, api_key: apiKey ?? authToken ?? '', base_url: baseUrl ?? '', headers },
  };
}

function failure({ kind, message }: { kind: string; message: string }): EngineError {
  const status = /^\d{3}$/.test(kind) ? Number(kind) : undefined;

  return new EngineError(kind === 'missing' ? `Agno: ${message}` : message, providerErrorCode(status, message));
}
