import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { SecretBox, SecretBoxError } from './secret-box.js';

const OLD = 'aa'.repeat(32);
const NEW = 'bb'.repeat(32);
const idOf = (hex: string) => createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex').slice(0, 8);

describe('SecretBox', () => {
  const box = new SecretBox([NEW, OLD]);

  it.each(['', 'sk-1', 'ключ 🔑', 'x'.repeat(10_000)])('opens what it sealed', (plain) => {
    expect(box.open(box.seal(plain))).toBe(plain);
  });

  it('writes version, key id, nonce and body, with another nonce each time', () => {
    const [first, second] = [box.seal('same'), box.seal('same')];
    const [version, id, nonce, body] = first.split('.');

    expect([version, id]).toEqual(['v1', idOf(NEW)]);
    expect(Buffer.from(nonce ?? '', 'base64url')).toHaveLength(12);
    expect(Buffer.from(body ?? '', 'base64url')).toHaveLength('same'.length + 16);
    expect(first).not.toBe(second);
  });

  it('opens what an older key sealed', () => {
    expect(box.open(new SecretBox([OLD]).seal('kept'))).toBe('kept');
  });

  it('names a key that it does not have', () => {
    const sealed = box.seal('x');

    expect(() => new SecretBox([OLD]).open(sealed)).toThrow(
      new SecretBoxError(`encrypted with key ${idOf(NEW)}, which is not in ENCRYPTION_KEY`),
    );
  });

  it.each([0, 5, 15])('notices a change of byte %i from the end', (offset) => {
    const parts = box.seal('do not touch').split('.');
    const body = Buffer.from(parts[3] ?? '', 'base64url');
    body[body.length - 1 - offset] = (body[body.length - 1 - offset] ?? 0) ^ 1;
    const altered = [...parts.slice(0, 3), body.toString('base64url')].join('.');

    expect(() => box.open(altered)).toThrow('altered or is damaged');
  });

  it('does not take a shortened tag', () => {
    const parts = box.seal('').split('.');
    const short = Buffer.from(parts[3] ?? '', 'base64url')
      .subarray(0, 4)
      .toString('base64url');

    expect(() => box.open([...parts.slice(0, 3), short].join('.'))).toThrow(SecretBoxError);
  });

  it.each(['', 'plain text', 'v2.a.b.c', 'v1...'])('refuses "%s"', (text) => {
    expect(() => box.open(text)).toThrow('not an encrypted secret');
    expect(box.tryOpen(text)).toBeNull();
  });

  it('keeps the text of an unchanged secret, unless the key was rotated', () => {
    const current = box.seal('same');
    const old = new SecretBox([OLD]).seal('same');

    expect(box.reseal('same', current)).toBe(current);
    expect(box.open(box.reseal('other', current))).toBe('other');
    expect(box.reseal('same', old)).toContain(idOf(NEW));
    expect(box.open(box.reseal('same', null))).toBe('same');
  });

  it.each([[[]], [['abc']], [[NEW, 'zz'.repeat(32)]]])('refuses the keys %j', (keys) => {
    expect(() => new SecretBox(keys)).toThrow('64 hex digits');
  });
});
