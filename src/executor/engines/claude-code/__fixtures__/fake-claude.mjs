#!/usr/bin/env node
/** Plays the program `claude`: the prompt says what to do. */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';

const prompt = readFileSync(0, 'utf8');
const args = process.argv.slice(2);
const option = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const session = option('--resume') ?? '11111111-2222-4333-8444-555555555555';
const file = join(process.env.HOME, '.claude', session);
const write = (line) => process.stdout.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
const piece = (event, parent = null) =>
  write({ type: 'stream_event', event, session_id: session, parent_tool_use_id: parent });
const text = (words) => {
  piece({ type: 'message_start', message: { id: 'msg_1', usage: {} } });
  piece({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
  for (const word of words) piece({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: word } });
};
const end = (result, more = {}) =>
  write({ type: 'result', subtype: 'success', is_error: false, result, session_id: session, modelUsage: {}, ...more });
const call = (name, input) => {
  const content = [{ type: 'tool_use', id: 'toolu_1', name, input }];
  write({ type: 'assistant', message: { id: 'msg_1', model: 'm', content }, parent_tool_use_id: null });
};

if (option('--resume') !== undefined && !existsSync(file)) {
  const errors = [`No conversation found with session ID: ${session}`];
  end(undefined, { subtype: 'error_during_execution', is_error: true, errors });
  process.exit(1);
}
mkdirSync(join(process.env.HOME, '.claude'), { recursive: true });
appendFileSync(file, `${prompt}\n`);
write({ type: 'system', subtype: 'init', session_id: session });

const ACTIONS = {
  hello: () => {
    text(['Hello', ' world']);
    end('Hello world');
  },
  remember: () => {
    text([readFileSync(file, 'utf8')]);
    end('');
  },
  look: () => {
    const read = (name) => (option(name) === undefined ? null : readFileSync(option(name), 'utf8'));
    const env = Object.entries(process.env).filter(([name]) => name.startsWith('ANTHROPIC_'));
    const seen = {
      args,
      env: Object.fromEntries(env),
      system: read('--append-system-prompt-file'),
      mcp: read('--mcp-config'),
    };
    text([JSON.stringify(seen)]);
    end('');
  },
  change: () => {
    appendFileSync('new.txt', 'new\n');
    text(['changed']);
    end('changed');
  },
  crash: () => {
    text(['half']);
    process.stderr.write('some source\nError: it broke with sk-secret-of-the-model\n');
    process.exit(3);
  },
  killed: () => {
    text(['half']);
    process.stdout.write('', () => process.kill(process.pid, 'SIGKILL'));
  },
  garbage: () => {
    write('this is not JSON');
    write('{"type":"assistant","message":');
    write('[1,2]');
    write({ type: 'of a later version' });
    write({ type: 'stream_event' });
    write({ type: 'assistant', message: { content: 'text' } });
    text(['fine']);
    end('fine');
  },
  huge: () => {
    write(JSON.stringify({ type: 'user', message: { content: 'x'.repeat(9 * 1024 * 1024) } }));
    text(['still fine']);
    end('still fine');
  },
  flood: () => {
    piece({ type: 'message_start', message: { id: 'msg_1' } });
    piece({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
    for (let i = 0; i < 12; i += 1) text(['é'.repeat(500_000)]);
    end('');
  },
  refused: () => {
    end('API Error: overloaded', { is_error: true, api_error_status: 529 });
    process.exit(1);
  },
  unauthorized: () => {
    write({ type: 'system', subtype: 'api_retry', attempt: 1, error_status: 401, error: 'authentication_failed' });
    setInterval(() => undefined, 1000);
  },
  /** A tool whose process has left the group of the program, and does not end by itself. */
  hang: () => {
    text(['begun']);
    call('Bash', { command: 'sleep 1000' });
    const child = spawn('sh', ['-c', "trap '' TERM; sleep 1000 & wait; sleep 1000"], {
      detached: true,
      stdio: 'ignore',
    });
    writeFileSync('child.pid', String(child.pid));
    process.on('SIGTERM', () => undefined);
    setInterval(() => undefined, 1000);
  },
  slowly: () => {
    let count = 0;
    piece({ type: 'message_start', message: { id: 'msg_1' } });
    piece({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
    const timer = setInterval(() => {
      piece({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: `w${count} ` } });
      count += 1;
      if (count < 20) return;
      clearInterval(timer);
      end('');
    }, 50);
  },
};
const [action = 'hello'] = prompt.split(/\s/, 1);
(ACTIONS[action] ?? ACTIONS.hello)();
