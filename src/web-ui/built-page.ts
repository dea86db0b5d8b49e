import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Stands in `index.html` where the nonce of each reply belongs; the page's Vite configuration writes it. */
const NONCE_TOKEN = '__CSP_NONCE__';

/** `index.html` for one reply. */
export interface PageIndex {
  html: string;
  /** Allows the style elements of this reply. */
  nonce: string;
  /** Weak, because each reply has another nonce: identifies the build. */
  etag: string;
}

/**
 * The files of the web page, as Vite has built them. They are looked up at each request: a new build is served without a
 * restart.
 */
export class BuiltPage {
  constructor(readonly directory: string) {}

  /** The one of this package, whether this code is compiled or not. */
  static ofPackage(): BuiltPage {
    let root = dirname(fileURLToPath(import.meta.url));
    while (!existsSync(join(root, 'package.json')) && dirname(root) !== root) root = dirname(root);

    return new BuiltPage(join(root, 'web', 'dist'));
  }

  /** Returns `index.html` with a new nonce; null when the page is not built. */
  async index(): Promise<PageIndex | null> {
    const template = await readFile(join(this.directory, 'index.html'), 'utf8').catch(() => null);
    if (template === null) return null;
    const nonce = randomBytes(16).toString('base64');
    const etag = `W/"${createHash('sha256').update(template).digest('base64url')}"`;

    return { html: template.replaceAll(NONCE_TOKEN, nonce), nonce, etag };
  }

  /** Whether there is a file of this name. @param name decoded path below the directory, without a leading slash */
  async has(name: string): Promise<boolean> {
    if (!isPlain(name)) return false;

    return stat(join(this.directory, name)).then(
      (found) => found.isFile(),
      () => false,
    );
  }
}

/** Whether a path has neither empty nor hidden parts; `..` is hidden. */
function isPlain(name: string): boolean {
  return !/[\\\0]/.test(name) && name.split('/').every((part) => part !== '' && !part.startsWith('.'));
}
