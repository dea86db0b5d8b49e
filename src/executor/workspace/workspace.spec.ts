import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { Log, redactor } from '../log.js';
import { readLine, secretsOf, type WorkItem } from '../tasks/work-item.js';
import { cloneCall } from './git-remote.js';
import { Workspace } from './workspace.js';

const TOKEN = 'ghp_a-token-of-this-test';
const ANN = { git_login: 'ann', git_email: null, git_id: '12', git_token: TOKEN };

let directory: string;
let remote: Server;
let origin: string;
const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@y', ...args], { cwd, encoding: 'utf8', stdio: 'pipe' });

/** Serves a repository as files, to those who have the token. */
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'conch-workspace-'));
  const source = join(directory, 'source');
  execFileSync('git', ['init', '--quiet', '--initial-branch=main', source]);
  writeFileSync(join(source, 'a.txt'), 'a\n');
  git(source, 'add', '.');
  git(source, 'commit', '--quiet', '-m', 'first');
  git(directory, 'clone', '--quiet', '--bare', 'source', 'bare');
  git(join(directory, 'bare'), 'update-server-info');
  remote = createServer((request, reply) => {
    const password = Buffer.from(request.headers.authorization?.slice(6) ?? '', 'base64')
      .toString('utf8')
      .split(':')[1];
    if (password === undefined) reply.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    else if (password !== TOKEN) reply.writeHead(403).end();
    else {
      const file = join(directory, 'bare', (request.url ?? '').split('?')[0]?.replace('/o/r.git', '') ?? '');
      if (existsSync(file)) reply.end(readFileSync(file));
      else reply.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => remote.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(remote.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((resolve) => remote.close(resolve));
  rmSync(directory, { recursive: true });
});

let root: string;
let logs: string;
beforeEach(() => {
  root = mkdtempSync(join(directory, 'root-'));
  logs = '';
});
afterEach(() => rmSync(root, { recursive: true }));

function workOf(more: object = {}): WorkItem {
  const repository = { git_url: `${origin}/o/r.git`, branch_name: 'main', user: ANN };
  const bot = [{ id: 1 }];
  const ids = { subtask_id: 1, task_id: 7, auth_token: 'token', bot, conch: { api_url: 'http://a/api' } };
  const read = readLine(JSON.stringify({ ...ids, task_title: 'Fix it', ...repository, ...more }), 'e');
  if (read.kind !== 'work') throw new Error(read.kind);

  return read.work;
}

const workspaceOf = () => new Workspace(root, { PATH: env['PATH'], HOME: root });
const open = (work: WorkItem) => workspaceOf().open(work, redactor(secretsOf(work)), new AbortController().signal);
const close = (work: WorkItem, commits = true) => workspaceOf().close(work, commits, new Log((line) => (logs += line)));
const write = (name: string, text: string) => writeFileSync(join(root, 'repo', name), text);

describe('the repository of a task', () => {
  it('is cloned with the token, which stays nowhere, and committed as the user', async () => {
    const work = workOf();
    expect(await open(work)).toBe(false);
    expect(() => execFileSync('grep', ['-r', TOKEN, root])).toThrow();
    write('a.txt', 'b\n');
    write('ünew.txt', 'new\n');
    const diff = await close(work);
    expect(diff).toMatchObject({ branch: 'conch/task-7', stat: expect.stringContaining('2 files changed') });
    expect(diff?.patch).toMatch(/-a\n\+b\n[^]*ünew\.txt/);
    const log = git(join(root, 'repo'), 'log', '-1', '--format=%H %an <%ae> %s').trim();
    expect(log).toBe(`${diff?.commit} ann <12+ann@users.noreply.github.com> Fix it`);
  });

  it('stays as it is for the next turn, whose diff is its own', async () => {
    await open(workOf());
    write('a.txt', 'b\n');
    await close(workOf());
    const next = workOf({ subtask_id: 2 });
    expect(await open(next)).toBe(false);
    expect(await close(next)).toBeNull();
    write('c.txt', 'c\n');
    expect((await close(next))?.stat).toContain('c.txt');
  });

  it('keeps the beginning of a turn that is tried again, and what a failed one has changed', async () => {
    await open(workOf());
    write('a.txt', 'b\n');
    const failed = await close(workOf(), false);
    expect(failed).toMatchObject({ stat: expect.stringContaining('a.txt') });
    expect(failed).not.toHaveProperty('commit');
    writeFileSync(join(root, 'repo', '.git', 'index.lock'), '');
    expect(await open(workOf())).toBe(true);
    expect((await close(workOf()))?.patch).toContain('+b');
  });

  it('has a patch of 256 KiB at most', async () => {
    await open(workOf());
    write('big.txt', 'line of a large file é\n'.repeat(30_000));
    const diff = await close(workOf());
    expect(Buffer.byteLength(diff?.patch ?? '')).toBeLessThanOrEqual(256 * 1024);
    expect(diff).toMatchObject({ is_cut: true, commit: expect.any(String) });
    expect(diff?.patch.endsWith('é\n')).toBe(true);
  });

  it('does not run what an engine has put into its settings', async () => {
    await open(workOf());
    const repository = join(root, 'repo');
    writeFileSync(join(repository, '.git', 'hooks', 'pre-commit'), `#!/bin/sh\ntouch ${root}/ran\n`, { mode: 0o755 });
    git(repository, 'config', 'core.fsmonitor', `touch ${root}/ran; false`);
    git(repository, 'config', 'diff.external', `touch ${root}/ran; false`);
    write('a.txt', 'b\n');
    expect(await close(workOf())).toMatchObject({ commit: expect.any(String) });
    expect(existsSync(join(root, 'ran'))).toBe(false);
  });

  it('is none for a task without one', async () => {
    const work = workOf({ git_url: '' });
    await open(work);
    write('a.txt', 'b\n');
    expect(await close(work)).toBeNull();
  });

  it.each([
    ['an account', { user: { ...ANN, git_token: null } }, /asks for an account: add a git token/],
    ['another token', { user: { ...ANN, git_token: 'wrong-token' } }, /refuses your git token/],
    ['another branch', { branch_name: 'nowhere' }, /has no branch nowhere/],
    ['a repository', { git_url: 'nothing' }, /nothing is no address of a repository/],
  ])('that needs %s fails in words, and leaves nothing behind', async (_what, more, message) => {
    const error = await open(workOf(more)).catch((reason: unknown) => reason as Error);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toMatch(/wrong-token|ghp_/);
    expect(existsSync(join(root, 'repo'))).toBe(false);
  });
});

describe('cloneCall', () => {
  const call = (url: string, token: string | null) =>
    cloneCall({ url, branch: '--upload-pack=x', token }, { login: 'ann', email: null, gitId: null }, '/made');

  it.each([
    ['git@github.com:o/r.git', 'https://github.com/o/r.git'],
    ['ssh://git@gitlab.example/o/r.git', 'https://gitlab.example/o/r.git'],
    ['https://ann:pass@host.example/r', 'https://host.example/r'],
    ['file:///a/b', 'file:///a/b'],
  ])('clones %s from %s, with the token for its host alone', (url, address) => {
    const { args, env: variables } = call(url, TOKEN);
    expect(args.slice(-3)).toEqual(['--', address, '/made']);
    expect(args.join(' ')).not.toMatch(/ghp_|pass@/);
    expect(variables).toEqual({ CONCH_GIT_USER: 'ann', CONCH_GIT_TOKEN: TOKEN });
    expect(args).toContain('--branch=--upload-pack=x');
  });

  it('knows the password of an address, and asks for nothing without one', () => {
    expect(call('https://bob:pass@host.example/r', null).env).toMatchObject({ CONCH_GIT_TOKEN: 'pass' });
    expect(call('https://host.example/r', null).env).toEqual({});
  });

  it.each(['ext::sh -c touch% /tmp/x', '/etc', '-x', 'javascript:alert(1)'])('refuses %s', (url) => {
    expect(() => call(url, null)).toThrow('is no address of a repository');
  });
});
