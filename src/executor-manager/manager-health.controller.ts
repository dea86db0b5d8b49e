import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { within } from '../common/within.js';
import { DockerEngine } from './engine/docker-engine.js';
import { ManagerHealthDto } from './executor-manager.dto.js';

const PATIENCE_MS = 2_000;

@ApiTags('operations')
@Controller('health')
export class ManagerHealthController {
  constructor(private readonly engine: DockerEngine) {}

  /** That the process runs, and whether its container engine answers */
  @Get()
  async health(): Promise<ManagerHealthDto> {
    const answer = within(PATIENCE_MS, 'The container engine does not answer', this.engine.ping());
    const engine = await answer.then(
      () => 'ok',
      (error: unknown) => (error as Error).message,
    );

    return { status: 'healthy', engine };
  }
}
