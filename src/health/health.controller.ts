import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../auth/auth-user.js';
import { HealthService } from './health.service.js';

class LiveDto {
  @ApiProperty({ enum: ['ok'] })
  status!: 'ok';
}

class ReadyDto {
  @ApiProperty({ enum: ['ok', 'degraded', 'stopping'] })
  status!: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'ok, or what is wrong, of each part',
  })
  parts!: Record<string, string>;
}

@ApiTags('operations')
@Controller('health')
@Public()
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('live')
  @ApiOperation({ summary: 'Whether the process runs' })
  @ApiOkResponse({ type: LiveDto })
  live(): LiveDto {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Whether the process can take requests, part by part' })
  @ApiOkResponse({ type: ReadyDto })
  @ApiServiceUnavailableResponse({ type: ReadyDto })
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const ready = await this.health.ready();
    await reply.status(ready.status === 'ok' ? 200 : 503).send(ready);
  }
}
