import { describe, expect, it } from '@jest/globals';
import { imageProblem } from './image-problem';

const SHA256 = `sha256:${'a1'.repeat(32)}`;

describe('imageProblem', () => {
  it.each([
    '',
    'node',
    'node:22',
    'ghcr.io/acme/agent:1',
    'localhost:5000/a:v1.2_3-x',
    `node@${SHA256}`,
    'Acme/agent',
    `ghcr.io/x/y:1@${SHA256}`,
  ])('finds nothing in %j', (text) => expect(imageProblem(text)).toBeNull());

  it.each([
    ['node 22', 'space', 4],
    ['https://ghcr.io/x', 'scheme', 0],
    ['Node', 'upperCase', 0],
    ['ghcr.io/acme/Agent', 'upperCase', 13],
    ['node$x', 'character', 4],
    ['ghcr.io/', 'path', 8],
    ['a//b', 'path', 2],
    ['node-', 'path', 0],
    ['node:', 'tag', 5],
    ['node:-x', 'tag', 5],
    ['node@sha256:abc', 'digest', 5],
  ])('%j: %s at %i', (text, code, at) => expect(imageProblem(text)).toEqual({ code, at }));
});
