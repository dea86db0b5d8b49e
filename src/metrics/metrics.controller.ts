import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { register } from 'prom-client';
import { Public } from '../auth/auth-user.js';

/** For Prometheus. Holds counts only, no names and no texts. */
@ApiTags('operations')
@Controller('metrics')
export class MetricsController {
  /** Metrics of this process in the Prometheus text format */
  @Get()
  @Public()
  @Header('Content-Type', register.contentType)
  @ApiProduces('text/plain')
  @ApiOkResponse({ type: String })
  async metrics(@Res() reply: FastifyReply): Promise<void> {
    await reply.send(await register.metrics());
  }
}
