import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../auth/auth-user.js';
import { LiveDto, ReadyDto } from './health.dto.js';
import { HealthService } from './health.service.js';

@ApiTags('operations')
@Controller('health')
@Public()
export class HealthController {
  constructor(private readonly health: HealthService) {}

  /** Whether the process runs */
  @Get('live')
  live(): LiveDto {
    return { status: 'ok' };
  }

  /** Whether the process can take requests, part by part */
  @Get('ready')
  @ApiOkResponse({ type: ReadyDto })
  @ApiServiceUnavailableResponse({ type: ReadyDto })
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const ready = await this.health.ready();
    await reply.status(ready.status === 'ok' ? 200 : 503).send(ready);
  }
}
