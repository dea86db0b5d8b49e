import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ImageReferenceError, isRegistryAllowed, parseImageReference } from './image-reference.js';

const SHA256 = `sha256:${'a1'.repeat(32)}`;

describe('parseImageReference', () => {
  it.each([
    ['node', 'docker.io', 'library/node', 'latest', null],
    ['node:22', 'docker.io', 'library/node', '22', null],
    ['acme/agent', 'docker.io', 'acme/agent', 'latest', null],
    ['docker.io/node', 'docker.io', 'library/node', 'latest', null],
    ['index.docker.io/acme/agent:1', 'docker.io', 'acme/agent', '1', null],
    ['localhost/agent', 'localhost', 'agent', 'latest', null],
    ['localhost:5000/agent:v1.2_3-x', 'localhost:5000', 'agent', 'v1.2_3-x', null],
    ['registry.local/img:1', 'registry.local', 'img', '1', null],
    ['ghcr.io/a/b/c__d/e--f.g_h', 'ghcr.io', 'a/b/c__d/e--f.g_h', 'latest', null],
    ['10.0.0.1:443/x', '10.0.0.1:443', 'x', 'latest', null],
    ['[2001:db8::1]:5000/x:1', '[2001:db8::1]:5000', 'x', '1', null],
    [`node@${SHA256}`, 'docker.io', 'library/node', null, SHA256],
    [`ghcr.io/x/y:1@${SHA256}`, 'ghcr.io', 'x/y', '1', SHA256],
    [`x@sha512:${'0'.repeat(128)}`, 'docker.io', 'library/x', null, `sha512:${'0'.repeat(128)}`],
    // What has an upper-case letter cannot be a user of Docker Hub.
    ['Acme/agent', 'Acme', 'agent', 'latest', null],
    ['node:5000/agent', 'node:5000', 'agent', 'latest', null],
  ])('reads %s', (text, registry, repository, tag, digest) => {
    expect(parseImageReference(text)).toMatchObject({ registry, repository, tag, digest });
  });

  it('has one name for all ways to write an image', () => {
    const names = ['node', 'node:latest', 'library/node', 'docker.io/library/node', 'index.docker.io/node'];

    expect(new Set(names.map((name) => parseImageReference(name).canonical))).toEqual(
      new Set(['docker.io/library/node:latest']),
    );
  });

  it.each([
    ['', 'is empty'],
    [' node', 'white space'],
    ['node\n', 'white space'],
    ['https://ghcr.io/x/y', 'scheme'],
    ['a1'.repeat(32), 'id of an image'],
    ['Node', 'lower case'],
    ['ghcr.io/Acme/agent', 'lower case'],
    ['node:', 'tag'],
    ['node:-x', 'tag'],
    [`node:${'t'.repeat(129)}`, 'tag'],
    ['node:1:2', 'tag'],
    ['a//b', 'between its slashes'],
    ['/node', 'between its slashes'],
    ['ghcr.io/', 'between its slashes'],
    ['ghcr.io/a_-b', 'between its slashes'],
    ['-node', 'between its slashes'],
    ['node-', 'between its slashes'],
    ['a...b/c', 'registry'],
    ['no_de.x/y', 'registry'],
    ['-x.io/y', 'registry'],
    ['ghcr.io:/y', 'registry'],
    ['ghcr.io:99999/y', 'port'],
    ['nodé', 'between its slashes'],
    ['node$(id)', 'between its slashes'],
    ['node@', 'digest'],
    ['node@sha256:abc', '64 hex digits'],
    [`node@${SHA256.toUpperCase()}`, 'digest'],
    [`node@md5:${'0'.repeat(32)}`, 'digest'],
    [`node@${SHA256}@${SHA256}`, 'digest'],
    [`node@${SHA256}:1`, 'digest'],
    [`${'a/'.repeat(130)}b`, '255'],
    ['a'.repeat(700), '600'],
  ])('refuses %j', (text, reason) => {
    const parse = () => parseImageReference(text);

    expect(parse).toThrow(ImageReferenceError);
    expect(parse).toThrow(reason);
  });

  it('reads its own canonical names, and ends by a name or an ImageReferenceError', () => {
    const part = fc.string({
      unit: fc.constantFrom('a', 'B', '0', '.', '_', '-', ':', '/', '@', '[', ']'),
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(part, (text) => {
        try {
          const { canonical } = parseImageReference(text);

          expect(parseImageReference(canonical).canonical).toBe(canonical);
        } catch (error) {
          expect(error).toBeInstanceOf(ImageReferenceError);
        }
      }),
    );
  });
});

describe('isRegistryAllowed', () => {
  it.each([
    [[], 'ghcr.io/x/y', true],
    [['ghcr.io'], 'ghcr.io/x/y', true],
    [['GHCR.io'], 'ghcr.io/x/y', true],
    [['ghcr.io'], 'node', false],
    [['docker.io'], 'node', true],
    [['ghcr.io'], 'ghcr.io:444/x', false],
    [['ghcr.io'], 'evil-ghcr.io/x', false],
  ])('%j lets %s in: %s', (allowed, image, expected) => {
    expect(isRegistryAllowed(parseImageReference(image), allowed)).toBe(expected);
  });
});
