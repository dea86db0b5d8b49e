// Runs the emulator as a process of its own: `npm run emulator -- --backend http://127.0.0.1:8000 --port 8001`.
import { parseArgs } from 'node:util';
import { portOf } from '../shared/http.js';
import { ExecutorEmulator } from './emulator.js';
import { BEHAVIOURS, isBehaviour } from './script.js';

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'http://127.0.0.1:8000' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '8001' },
    // Better kept in the environment: arguments can be read by everybody on the machine.
    token: { type: 'string', default: process.env['INTERNAL_API_TOKEN'] },
    sign: { type: 'boolean', default: false },
    behaviour: { type: 'string', default: 'well-behaved' },
    interval: { type: 'string', default: '1000' },
    limit: { type: 'string', default: '30' },
    offline: { type: 'boolean', default: false },
    wegent: { type: 'boolean', default: false },
  },
});

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function numberFrom(name: string, value: string, min: number): number {
  const number = Number(value);
  return Number.isInteger(number) && number >= min ? number : fail(`--${name} must be a number from ${min}`);
}

const { backend, behaviour, host, token, sign, wegent, offline } = values;
if (!isBehaviour(behaviour)) fail(`--behaviour must be one of ${BEHAVIOURS.join(', ')}`);
if (sign && token === undefined) fail('--sign needs --token');

const emulator = await ExecutorEmulator.start({
  ...{ host, token, sign, wegent, behaviour, port: portOf(values.port) },
  interval: numberFrom('interval', values.interval, 10),
  limit: numberFrom('limit', values.limit, 1),
  types: offline ? ['online', 'offline'] : ['online'],
  log: console.log,
});

function stop(): void {
  void emulator.close().finally(() => process.exit(0));
}

process.once('SIGTERM', stop);
process.once('SIGINT', stop);
console.log(`${emulator.url} works for ${backend}`);
emulator.work(backend);
