import { Body, Controller, Get, Post, Res, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { InternalGuard } from '../auth/internal-access.js';
import { AppError } from '../common/app-error.js';
import { ApiController, ApiOk } from '../infra/http/server/api-replies.js';
import { MaxBodyBytes } from '../infra/http/server/request-body.js';
import { CallbacksService } from './reporting/callbacks.service.js';
import {
  CancelDto,
  LoadDto,
  ManagerHealthDto,
  ReceiptDto,
  StatusDto,
  ValidateImageDto,
} from './executor-manager.dto.js';
import { ImageValidationRunner } from './validation/image-validation-runner.js';
import { within } from '../common/async/within.js';
import { DockerEngine } from './runtime/docker/docker-engine.js';

/** What a callback has besides its result. */
const SLACK_BYTES = 64 * 1024;

/** The calls of a Wegent executor manager that concern images, and the callbacks of executors. */
@UseGuards(InternalGuard)
@ApiController('executor-manager', 'executor manager')
export class ExecutorManagerController {
  constructor(
    private readonly validations: ImageValidationRunner,
    private readonly callbacks: CallbacksService,
  ) {}

  /** Validate an image: answers at once, and reports to the API. The same validation twice is one */
  @Post('images/validate')
  @ApiOk(ReceiptDto, 'service_unavailable')
  validate(@Body() body: ValidateImageDto): ReceiptDto {
    return this.validations.submit(body);
  }

  /** Stop a validation by its task id */
  @Post('tasks/cancel')
  @ApiOk(StatusDto, 'bad_request', 'service_unavailable')
  cancel(@Body() { task_id: taskId }: CancelDto): StatusDto {
    // Not a refusal: the API would regard an executor that runs elsewhere as ended.
    if (taskId > 0) throw new AppError('service_unavailable', 'This executor manager starts no executors');
    if (!this.validations.cancel(taskId)) throw new AppError('bad_request', `No validation ${taskId} runs here`);

    return { status: 'success', message: 'The validation is being stopped' };
  }

  /** How much there is to do */
  @Get('executor/load')
  load(): LoadDto {
    return this.validations.load();
  }

  /** Pass a report on to the API; its status is the API's */
  @Post('callback')
  @MaxBodyBytes(({ executors }) => executors.maxResultBytes + SLACK_BYTES, { isInternal: true })
  @ApiOk(StatusDto, 'service_unavailable')
  async callback(@Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    const { status, body: answer } = await this.callbacks.forward(body);
    await reply.status(status).send(status < 300 ? { status: 'success', message: 'Passed on' } : answer);
  }
}

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
