import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Thrown when a stored secret cannot be read; the message says which key is missing. */
export class SecretBoxError extends Error {
  override readonly name = 'SecretBoxError';
}

/**
 * Encrypts secrets for the database (AES-256-GCM). Text form: `v1.<key id>.<nonce>.<ciphertext and tag>`.
 * The newest key encrypts, every given key decrypts, so that keys can be rotated.
 */
export class SecretBox {
  private readonly keys: ReadonlyMap<string, Buffer>;
  private readonly newest: string;

  /** @param hexKeys 32 bytes each in hex, newest first, at least one */
  constructor(hexKeys: readonly string[]) {
    const entries = hexKeys.map((hex): [string, Buffer] => [keyId(hex), Buffer.from(hex, 'hex')]);
    const [first] = entries;
    if (!first || entries.some(([, key]) => key.length !== 32)) {
      throw new SecretBoxError('encryption keys must be 64 hex digits each, at least one');
    }
    this.newest = first[0];
    this.keys = new Map(entries);
  }

  /** Encrypts a text with the newest key. */
  seal(plain: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key(this.newest), nonce);
    const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);

    return [VERSION, this.newest, nonce.toString('base64url'), body.toString('base64url')].join('.');
  }

  /** Decrypts a text. @throws SecretBoxError when the key is unknown or the text was altered */
  open(sealed: string): string {
    const [version, id, nonceText, bodyText] = sealed.split('.');
    if (version !== VERSION || !id || !nonceText || !bodyText) throw new SecretBoxError('not an encrypted secret');
    const body = Buffer.from(bodyText, 'base64url');
    const tagAt = Math.max(0, body.length - TAG_BYTES);
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.key(id), Buffer.from(nonceText, 'base64url'), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAuthTag(body.subarray(tagAt));

      return Buffer.concat([decipher.update(body.subarray(0, tagAt)), decipher.final()]).toString('utf8');
    } catch (error) {
      if (error instanceof SecretBoxError) throw error;
      throw new SecretBoxError('the encrypted secret was altered or is damaged');
    }
  }

  /** The stored text when it already holds `plain` under the newest key; otherwise a new one. */
  reseal(plain: string, stored: string | null): string {
    const current = stored?.startsWith(`${VERSION}.${this.newest}.`) ? stored : null;

    return current !== null && this.tryOpen(current) === plain ? current : this.seal(plain);
  }

  /** Like {@link open}, but null when the secret cannot be read. */
  tryOpen(sealed: string): string | null {
    try {
      return this.open(sealed);
    } catch {
      return null;
    }
  }

  private key(id: string): Buffer {
    const key = this.keys.get(id);
    if (!key) throw new SecretBoxError(`encrypted with key ${id}, which is not in ENCRYPTION_KEY`);

    return key;
  }
}

/** First 8 hex digits of the SHA-256 of the key bytes: identifies a key without revealing it. */
function keyId(hexKey: string): string {
  return createHash('sha256').update(Buffer.from(hexKey, 'hex')).digest('hex').slice(0, 8);
}
