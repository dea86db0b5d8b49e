// The executor manager as a child of the server, which sends the configuration and is told the address.
import 'reflect-metadata';
import { AppConfig } from '../config/app-config.js';
import { buildExecutorManager } from './executor-manager.setup.js';

process.setSourceMapsEnabled(true);
process.once('message', (sent) => void serve(Object.assign(new AppConfig(), sent)));

async function serve(config: AppConfig): Promise<void> {
  const { app, stop } = await buildExecutorManager(config);
  // The server has ended, whatever way.
  process.once('disconnect', () => void stop().finally(() => process.exit(0)));
  await app.listen(config.server.port, config.server.host);
  process.send?.({ url: await app.getUrl() });
}
