/** Where the files of one run share what they start; jest makes it, and removes it with all that runs in it. */
export function runDirectory(): string {
  const path = process.env['CONCH_RUN_DIRECTORY'];
  if (path === undefined) throw new Error('CONCH_RUN_DIRECTORY is not set: run the tests by jest.config.mjs');

  return path;
}
