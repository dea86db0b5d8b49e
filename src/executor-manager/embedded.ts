// The executor manager as a child of the server, which sends the configuration and is told the address.
import 'reflect-metadata';
import { AppConfig } from '../config/app-config.js';
import { AppConfigModule } from '../config/config.module.js';
import { buildExecutorManager } from './executor-manager.setup.js';

process.setSourceMapsEnabled(true);
/** Ends what there is to end; nothing before it was built. */
let stop = (): Promise<void> => Promise.resolve();
// The channel closes when the server ends, whatever way.
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
