import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { SecretBox } from '../common/secrets/secret-box.js';
import { sealServers } from './bot-servers.js';
import { BotsRepository } from './bots.repository.js';

/** Encrypts, at the start, the MCP servers that an earlier version has stored in clear. */
@Injectable()
export class BotServersSealer implements OnApplicationBootstrap {
  private readonly log = new Logger(BotServersSealer.name);

  constructor(
    private readonly repository: BotsRepository,
    private readonly box: SecretBox,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const rows = await this.repository.withServersInClear();
    for (const row of rows) await this.repository.replaceServers(row, sealServers(row.mcpServers, this.box, row));
    if (rows.length > 0) this.log.log(`encrypted the MCP servers of ${rows.length} bot(s)`);
  }
}
