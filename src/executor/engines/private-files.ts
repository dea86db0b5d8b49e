import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Files for one run of an engine, readable by its user alone. */
export class PrivateFiles {
  private directory: string | null = null;

  /** @returns the path */
  write(name: string, text: string): string {
    this.directory ??= mkdtempSync(join(tmpdir(), 'conch-run-'));
    const path = join(this.directory, name);
    writeFileSync(path, text, { mode: 0o600 });

    return path;
  }

  async remove(): Promise<void> {
    if (this.directory !== null) await rm(this.directory, { recursive: true, force: true });
    this.directory = null;
  }
}
