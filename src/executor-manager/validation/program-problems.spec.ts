import { describe, expect, it } from '@jest/globals';
import { exitProblem, programProblem, startProblem } from './program-problems.js';

const platforms = { engine: 'linux/amd64', image: 'linux/amd64' };
const RUNC =
  'The container engine failed: OCI runtime create failed: runc create failed: unable to start container process:';

describe('startProblem', () => {
  it.each([
    [`${RUNC} exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown`, 'has no shell'],
    ['crun: executable file `/bin/sh` not found in $PATH: No such file or directory', 'has no shell'],
    [`${RUNC} exec: "/bin/sh": permission denied: unknown`, 'permission denied'],
    ['crun: exec container process `/bin/sh`: Exec format error', 'another processor'],
    ['unable to find user agent: no matching entries in passwd file', 'USER'],
  ])('reads "%s"', (text, message) => {
    expect(startProblem(text, platforms)?.message).toContain(message);
  });

  it('leaves trouble of the engine alone', () => {
    expect(startProblem(`${RUNC} unable to apply cgroup configuration: permission denied`, platforms)).toBeNull();
  });
});

describe('exitProblem', () => {
  const state = (exitCode: number, log: string, isOutOfMemory = false) => ({
    ...{ isRunning: false, exitCode, log, isOutOfMemory },
  });

  it.each([
    [1, 'exec /bin/sh: no such file or directory', 'C library'],
    [1, 'standard_init_linux.go:228: exec user process caused: no such file or directory', 'C library'],
    [1, 'exec /bin/sh: exec format error', 'another processor'],
    [127, '/bin/sh: error while loading shared libraries: libc.so.6: cannot open shared object file', 'libc.so.6'],
    [
      127,
      'Error loading shared library libc.musl-x86_64.so.1: No such file (needed by /bin/sh)',
      'libc.musl-x86_64.so.1',
    ],
    [0, '', 'ends at once, with status 0'],
    [3, 'bye', 'ends at once, with status 3'],
  ])('reads status %i and "%s"', (exitCode, log, message) => {
    const problem = exitProblem(state(exitCode, log), platforms);

    expect(problem.message).toContain(message);
    expect(problem.logTail).toBe(log);
  });

  it('tells a lack of memory from an end', () => {
    expect(exitProblem(state(137, '', true), platforms).message).toContain('out of memory');
  });
});

describe('programProblem', () => {
  it('names the platform of the image when it is another one', () => {
    const text = programProblem('node', 'exec /bin/node: exec format error', { ...platforms, image: 'linux/arm64' });

    expect(text).toContain('the image is for linux/arm64, the engine runs linux/amd64');
  });

  it('makes nothing of an ordinary failure', () => {
    expect(programProblem('node', 'TypeError: boom', platforms)).toBeNull();
  });
});
