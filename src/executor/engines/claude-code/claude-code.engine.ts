import { ProgramMissingError, runLineProgram } from '../../processes/line-program.js';
import { type Engine, EngineError, type EngineTurn } from '../engine.js';
import { PrivateFiles } from '../private-files.js';
import { crashError, isSessionGone, resultError } from './claude-errors.js';
import { claudeLaunch } from './claude-launch.js';
import { ClaudeOutput } from './claude-output.js';
import { provideSkills } from './claude-skills.js';

const PROGRAM = 'claude';

/** Answers with the program Claude Code, which the image brings. */
export class ClaudeCodeEngine implements Engine {
  constructor(private readonly program = PROGRAM) {}

  async run(turn: EngineTurn): Promise<void> {
    provideSkills(turn);
    try {
      await this.runOnce(turn);
    } catch (error) {
      if (!(error instanceof EngineError) || turn.sessionId === undefined || !isSessionGone(error.message)) throw error;
      turn.log.line('the session of the earlier turns is gone: a new one begins');
      turn.onSession(null);
      await this.runOnce({ ...turn, sessionId: undefined });
    }
  }

  private async runOnce(turn: EngineTurn): Promise<void> {
    const files = new PrivateFiles();
    const hopeless = new AbortController();
    const output = new ClaudeOutput({
      onEvent: turn.emit,
      onSession: turn.onSession,
      onHopeless: (error) => hopeless.abort(error),
    });
    try {
      const end = await runLineProgram({
        ...{ program: this.program, cwd: turn.directory, ...claudeLaunch(turn, files) },
        signal: AbortSignal.any([turn.signal, hopeless.signal]),
        onLine: (line) => output.read(line),
        onSkippedLine: () => turn.log.line('a line of Claude Code is too long, and is left out'),
      });
      if (output.garbage > 0) turn.log.line(`Claude Code has written ${output.garbage} lines that are no JSON objects`);
      turn.signal.throwIfAborted();
      hopeless.signal.throwIfAborted();
      const error = output.result ? resultError(output.result) : crashError(end);
      if (error) throw error;
    } catch (error) {
      if (!(error instanceof ProgramMissingError)) throw error;
      throw new EngineError('The image has no program "claude": install @anthropic-ai/claude-code in it');
    } finally {
      await files.remove();
    }
  }
}
