// The executor manager as a child process: the server sends the configuration, the child sends back its address.
import 'reflect-metadata';
import { AppConfig } from '../config/app-config.js';
import { AppConfigModule } from '../config/config.module.js';
import { buildExecutorManager } from './executor-manager.setup.js';

/** Stops the manager; does nothing before it is built. */
let stop = (): Promise<void> => Promise.resolve();
// The channel also closes when the server is killed.
for (const end of ['disconnect', 'SIGTERM', 'SIGINT']) {
  process.once(end, () => void stop().finally(() => process.exit(0)));
}
process.once('message', (sent) => void serve(Object.assign(new AppConfig(), sent)));

async function serve(config: AppConfig): Promise<void> {
  const manager = await buildExecutorManager({ config, module: AppConfigModule.for(config) });
  stop = manager.stop;
  await manager.app.listen(config.server.port, config.server.host);
  process.send?.({ url: await manager.app.getUrl() });
}
