/** One short line per step. */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** A problem that the user can solve: told without a stack. */
export class UserError extends Error {}

/** Runs a script's main function; ends with status 1 when it fails. */
export async function run(main) {
  try {
    await main();
  } catch (error) {
    say(error instanceof UserError ? `\n${error.message}\n` : String(error.stack ?? error));
    process.exit(1);
  }
}
