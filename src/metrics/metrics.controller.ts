import { Controller, Get, Header, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { register } from 'prom-client';
import { Public } from '../auth/auth-user.js';
import { ApiErrors } from '../infra/http/server/api-errors.js';
import { MetricsGuard } from './metrics.guard.js';

/** For Prometheus. Holds counts only, no names and no texts. */
@ApiTags('operations')
@ApiBearerAuth()
@Controller('metrics')
export class MetricsController {
  /** Metrics of this process in the Prometheus text format */
  @Get()
  @Public()
  @UseGuards(MetricsGuard)
  @Header('Content-Type', register.contentType)
  @ApiProduces('text/plain')
  @ApiOkResponse({ type: String })
  @ApiErrors('unauthorized')
  async metrics(@Res() reply: FastifyReply): Promise<void> {
    await reply.send(await register.metrics());
  }
}
