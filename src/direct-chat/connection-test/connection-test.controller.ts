import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { AuthUser, CurrentUser } from '../../auth/auth-user.js';
import { ApiErrors } from '../../infra/http/server/api-errors.js';
import { ProbeSlots } from '../../infra/rate-limit/probe-slots.js';
import { TestConnectionDto, TestConnectionResultDto } from '../../models/models.dto.js';
import { ConnectionTestService } from './connection-test.service.js';

@ApiTags('models')
@ApiBearerAuth()
@ApiErrors('unauthorized', 'validation_failed', 'too_many_probes')
@Controller('models')
export class ConnectionTestController {
  constructor(
    private readonly connections: ConnectionTestService,
    private readonly probes: ProbeSlots,
  ) {}

  /** Try a model with one short question; nothing is stored */
  @Post('test-connection')
  @HttpCode(200)
  test(@CurrentUser() user: AuthUser, @Body() body: TestConnectionDto): Promise<TestConnectionResultDto> {
    return this.probes.run(user.id, () => this.connections.test(user.id, body));
  }
}
