import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../../common/app-error.js';
import { isJsonObject, parseJson } from '../../common/text/json.js';
import type { AppConfig } from '../../config/app-config.js';

const FILE = 'secrets.json';
const KEY = /^[0-9a-f]{64}$/;
const MIN_JWT_SECRET = 16;

/** Keys by which the server signs and encrypts. Injected as a class token. */
export class Secrets {
  /** @param encryptionKeys 32 bytes each in hex, newest first */
  constructor(
    readonly encryptionKeys: readonly string[],
    readonly jwtSecret: string,
  ) {}
}

/**
 * Returns the configured secrets. With the embedded database, missing ones are created once in `DATA_DIR/secrets.json`.
 * Keys of that file keep decrypting after ENCRYPTION_KEY was set.
 */
export function loadSecrets(config: AppConfig): Secrets {
  if (config.databaseUrl) {
    // Without AUTH_MODE=jwt no token is checked, so that a random secret is sufficient.
    return new Secrets(config.encryptionKeys, config.auth.jwtSecret ?? randomHex());
  }
  const kept = readOrCreate(config.dataDir);
  const keys = [...new Set([...config.encryptionKeys, ...kept.encryptionKeys])];

  return new Secrets(keys, config.auth.jwtSecret ?? kept.jwtSecret);
}

/** Reads the secrets of a data directory; creates missing ones. */
export function readOrCreate(directory: string): Secrets {
  return read(join(directory, FILE)) ?? create(directory);
}

/** Creates the secrets, or reads those that another process has created meanwhile. The file is never incomplete. */
export function create(directory: string): Secrets {
  const path = join(directory, FILE);
  mkdirSync(directory, { recursive: true });
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  writeSynced(temporary, JSON.stringify({ encryptionKeys: [randomHex()], jwtSecret: randomHex() }, null, 2) + '\n');
  publish(temporary, path);
  const made = read(path);
  if (!made) throw new Error(`${path} disappeared while it was being made`);

  return made;
}

/** Links the file, which fails when it exists: the first process wins. A rename would replace its keys. */
function publish(temporary: string, path: string): void {
  try {
    linkSync(temporary, path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') return;
    if (code !== 'EPERM' && code !== 'ENOSYS' && code !== 'ENOTSUP') throw error;
    // A file system without hard links.
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function writeSynced(path: string, text: string): void {
  writeFileSync(path, text, { flag: 'wx', mode: 0o600, flush: true });
  // The umask may have removed bits.
  chmodSync(path, 0o600);
}

function read(path: string): Secrets | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }

  return parse(text, path);
}

/** Never replaces a damaged file: what its keys have encrypted would be lost. */
function parse(text: string, path: string): Secrets {
  const value = parseJson(text);
  if (isJsonObject(value) && isKeyList(value.encryptionKeys) && isSecret(value.jwtSecret)) {
    return new Secrets(value.encryptionKeys, value.jwtSecret);
  }
  throw new Error(
    `${path} is damaged: restore it from a backup. Without it the stored API keys cannot be read; ` +
      'to start over, remove it and enter them again.',
  );
}

const isKeyList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length > 0 && value.every((key) => typeof key === 'string' && KEY.test(key));

const isSecret = (value: unknown): value is string => typeof value === 'string' && value.length >= MIN_JWT_SECRET;

const randomHex = () => randomBytes(32).toString('hex');
