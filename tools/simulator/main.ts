// Runs the simulator: by hand (`node dist/tools/simulator/main.js --port 8089`), or as a thread of the server.
import { parseArgs } from 'node:util';
import { parentPort } from 'node:worker_threads';
import { portOf } from '../shared/http.js';
import { startSimulator } from './simulator.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
  },
});

const simulator = await startSimulator({ port: portOf(values.port), host: values.host });

function stop(): void {
  void simulator.close().finally(() => process.exit(0));
}

process.once('SIGTERM', stop);
process.once('SIGINT', stop);

if (parentPort) parentPort.postMessage({ url: simulator.url });
else console.log(simulator.url);
