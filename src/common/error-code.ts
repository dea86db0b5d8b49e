/** The `code` of a thrown value, e.g. `ENOENT` or an SQLSTATE; undefined when it has none. */
export function errorCode(error: unknown): string | undefined {
  // Not instanceof Error: errors of another realm (a worker, a test runner) are none.
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;

  return typeof error.code === 'string' ? error.code : undefined;
}
