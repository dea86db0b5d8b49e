// Runs the simulator as a process of its own: by hand (`node dist/tools/simulator/main.js --port 8089`) or as a child.
import { parseArgs } from 'node:util';
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
// A forked child must not outlive its parent.
process.once('disconnect', stop);

if (process.send) process.send({ url: simulator.url });
else console.log(simulator.url);
