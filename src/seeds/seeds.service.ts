import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { CacheInvalidation } from '../infra/cache/cache-invalidation.js';
import { EmbeddedSimulator } from '../infra/embedded/embedded-simulator.js';
import { readSeedFiles, type SeedVariables } from './seed-file.js';
import { buildSeedSet } from './seed-set.js';
import { SeedStore } from './seed-store.js';

/** Loads the seed files at each start. */
@Injectable()
export class SeedsService implements OnApplicationBootstrap {
  private readonly log = new Logger(SeedsService.name);

  constructor(
    private readonly config: AppConfig,
    private readonly simulator: EmbeddedSimulator,
    private readonly store: SeedStore,
    private readonly changes: CacheInvalidation,
  ) {}

  onApplicationBootstrap(): Promise<void> {
    const { anthropicApiKey, openaiApiKey } = this.config.seeds;

    return this.load({
      SIMULATOR_URL: this.simulator.url,
      ANTHROPIC_API_KEY: anthropicApiKey,
      OPENAI_API_KEY: openaiApiKey,
    });
  }

  /**
   * Makes the public rows what the files say; the same files twice change nothing.
   * @throws SeedsError with every problem of the files; nothing is stored then
   */
  async load(variables: SeedVariables): Promise<void> {
    const set = buildSeedSet(await readSeedFiles(this.config.seeds.dir, variables));
    await this.store.replace(set);
    await this.changes.invalidate();
    for (const line of set.warnings) this.log.warn(line);
    for (const line of set.logLines) this.log.log(line);
    const { shells, models, bots, teams } = set;
    this.log.log(`${shells.length} shells, ${models.length} models, ${bots.length} bots, ${teams.length} teams`);
  }
}
