/** The program inside the container of a task. It is bundled into one file, and needs Node alone. */
import { env } from 'node:process';
import { engineOf } from './engines/engines.js';
import { Executor } from './executor.js';
import { Log } from './log.js';
import { LineSplitter } from './processes/line-splitter.js';

/** Units of a line of the input; a prompt has 60 000 bytes at most. */
const MAX_LINE = 4 * 1024 * 1024;
const DEFAULT_WORKSPACE = '/workspace';
/** Of a program that SIGTERM has ended. */
const TERMINATED = 143;

async function main(): Promise<void> {
  const log = new Log((line) => process.stderr.write(line));
  const { CONCH_EXECUTOR_NAME: name = '', CONCH_WORKSPACE: workspace = DEFAULT_WORKSPACE, ...rest } = env;
  const executor = new Executor(name, { workspace, env: rest, engineOf }, log);
  const input = new LineSplitter(
    (line) => executor.handOver(line),
    MAX_LINE,
    () => log.line('an input line is too long'),
  );
  process.stdin.on('data', (chunk: Buffer) => input.write(chunk));
  process.stdin.once('end', () => {
    input.end();
    executor.close();
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      log.line(`${signal}: stopping`);
      process.exitCode = TERMINATED;
      executor.stop();
    });
  }
  log.line('waits for work');
  await executor.run();
  process.exit();
}

await main();
