import { describe, expect, it } from '@jest/globals';
import type { CommandResult } from '../runtime/check-runtime.js';
import { checksFor, type CheckSpec, compareVersions, evaluateCheck } from './image-checks.js';

const platforms = { engine: 'linux/amd64', image: 'linux/amd64' };
const printed = (output: string, exitCode = 0): CommandResult => ({ ended: 'exited', exitCode, output });

function specOf(name: string): CheckSpec {
  const spec = checksFor('ClaudeCode')?.find((each) => each.name === name);
  if (!spec) throw new Error(`there is no check ${name}`);

  return spec;
}

const evaluated = (name: string, result: CommandResult) => evaluateCheck(specOf(name), result, 30_000, platforms);

describe('evaluateCheck', () => {
  it.each([
    ['node', 'v20.0.0\n', '20.0.0'],
    ['node', 'v22.11.0\n', '22.11.0'],
    ['claude', '1.0.58 (Claude Code)\n', '1.0.58'],
    [
      'sqlite3',
      '3.50.4 2025-07-30 19:33:53 4d8adfb30e03f9cf27f800a2c1ba3c48fb4ca1b08b0f5ed59a4d5ecbf45e20a3 (64-bit)',
      '3.50.4',
    ],
    ['python3', 'Python 3.13.5\n', '3.13.5'],
    ['python3', 'Python 3.14.0rc2\n', '3.14.0'],
    ['node', '(node:1) Warning: something\nv20.5.1\n', '20.5.1'],
  ])('passes %s that prints %j', (name, output, version) => {
    expect(evaluated(name, printed(output))).toMatchObject({ name, status: 'pass', version });
  });

  it.each([
    ['node', printed('v18.20.4\n'), '18.20.4', 'at least 20.0.0'],
    ['sqlite3', printed('3.46.1 2024-08-13'), '3.46.1', 'at least 3.50.0'],
    ['python3', printed('Python 3.9.2'), '3.9.2', 'at least 3.12.0'],
    ['node', printed('hello\n'), null, 'printed no version, but "hello"'],
    ['node', printed('Segmentation fault\n', 139), null, 'status 139: Segmentation fault'],
    ['node', printed('', 137), null, 'memory'],
    ['node', printed('runc: exec: "node": executable file not found in $PATH: unknown', 126), null, 'was not found'],
    ['node', printed('exec /bin/node: no such file or directory', 1), null, 'C library'],
    ['node', printed('exec /bin/node: exec format error', 1), null, 'another processor'],
    ['node', { ended: 'slow', exitCode: null, output: 'v20.0.0' } as const, null, 'did not end within 30 s'],
    ['node', { ended: 'loud', exitCode: null, output: 'v20.0.0' } as const, null, 'printed too much'],
  ])('fails %s: %j', (name, result, version, message) => {
    const check = evaluated(name, result);

    expect(check).toMatchObject({ name, status: 'fail', version, hint: specOf(name).hint });
    expect(check.message).toContain(message);
  });
});

describe('compareVersions', () => {
  it.each([
    ['20.0.0', '20', 0],
    ['3.9', '3.12', -1],
    ['3.12.1', '3.12.0', 1],
    ['100', '99.9.9', 1],
  ])('%s against %s', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
  });
});

describe('checksFor', () => {
  it('knows nothing of other types, whatever they are called', () => {
    expect([checksFor('Chat'), checksFor('constructor'), checksFor('')]).toEqual([null, null, null]);
  });
});
