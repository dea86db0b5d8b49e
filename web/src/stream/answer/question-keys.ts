import { ApiProblem } from '../../api/api-problem';
import { readStored, writeStored } from '../../ui/browser-storage';

const STORAGE_KEY = 'conch-questions-under-way';
/** As long as the server knows a key. */
const MAX_AGE_MS = 24 * 3_600_000;

interface KeptKey {
  body: string;
  key: string;
  at: number;
}

/**
 * Sends a question under its idempotency key: the same one until it is known to be stored, after a reload as well, so
 * that nothing is answered and paid twice. @param body names the question
 */
export async function withQuestionKey<T>(body: string, send: (key: string) => Promise<T>): Promise<T> {
  try {
    const reply = await send(questionKey(body));
    forgetQuestionKey(body);

    return reply;
  } catch (error) {
    // A refused question is not stored; after a lost reply it may be.
    if (error instanceof ApiProblem && !error.isTemporary) forgetQuestionKey(body);
    throw error;
  }
}

function questionKey(body: string): string {
  const keys = readKeys();
  const known = keys.find((each) => each.body === body);
  if (known) return known.key;
  const key = newKey();
  writeKeys([...keys, { body, key, at: Date.now() }]);

  return key;
}

/** The question is stored or refused: to ask it again is to ask another one. */
function forgetQuestionKey(body: string): void {
  writeKeys(readKeys().filter((each) => each.body !== body));
}

/** 32 hex digits. `crypto.randomUUID` exists in secure contexts only, and a server on a local network is none. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

let kept: KeptKey[] | null = null;

function readKeys(): KeptKey[] {
  kept ??= (readStored(STORAGE_KEY, tabStorage) as KeptKey[] | null) ?? [];

  return kept.filter(({ at }) => Date.now() - at < MAX_AGE_MS);
}

function writeKeys(keys: KeptKey[]): void {
  kept = keys;
  writeStored(STORAGE_KEY, keys, tabStorage);
}

const tabStorage = () => sessionStorage;
