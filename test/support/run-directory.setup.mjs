import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Before the first test file. */
export default function makeRunDirectory() {
  const path = mkdtempSync(join(tmpdir(), 'conch-run-'));
  // Database servers run in it by another account.
  chmodSync(path, 0o711);
  process.env.CONCH_RUN_DIRECTORY = path;
}
