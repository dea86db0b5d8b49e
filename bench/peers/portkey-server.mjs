/** Portkey's gateway on a free port, as `npx @portkey-ai/gateway --headless` starts it. Prints its address. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const probe = createServer().listen(0, '127.0.0.1');
await once(probe, 'listening');
const { port } = probe.address();
probe.close();
await once(probe, 'close');

process.argv.push(`--port=${port}`, '--headless');
await import('./node_modules/@portkey-ai/gateway/build/start-server.js');

const isListening = () =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
while (!(await isListening())) await sleep(50);
process.stdout.write(`http://127.0.0.1:${port}\n`);
process.on('SIGTERM', () => process.exit(0));
