import { Body, Controller, Get, Header, Param, Post, Res, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { register } from 'prom-client';
import { InternalGuard } from '../auth/internal-access.js';
import { AppError } from '../common/app-error.js';
import { ApiController, ApiOk } from '../infra/http/server/api-replies.js';
import { MaxBodyBytes } from '../infra/http/server/request-body.js';
import { CallbacksService } from './reporting/callbacks.service.js';
import {
  CancelDto,
  DeletedExecutorDto,
  DeleteExecutorDto,
  ExecutorPresenceDto,
  LoadDto,
  ManagerHealthDto,
  ReceiptDto,
  StatusDto,
  ValidateImageDto,
} from './executor-manager.dto.js';
import { ExecutorOrdersService } from './executors/executor-orders.service.js';
import { ImageValidationRunner } from './validation/image-validation-runner.js';
import { within } from '../common/async/within.js';
import { ContainerRuntime } from './runtime/container-runtime.js';

/** What a callback has besides its result. */
const SLACK_BYTES = 64 * 1024;

/** The calls of a Wegent executor manager about images and executors, and the callbacks of executors. */
@UseGuards(InternalGuard)
@ApiController('executor-manager', 'executor manager')
export class ExecutorManagerController {
  constructor(
    private readonly validations: ImageValidationRunner,
    private readonly callbacks: CallbacksService,
    private readonly executors: ExecutorOrdersService,
  ) {}

  /** Validate an image: answers at once, and reports to the API. The same validation twice is one */
  @Post('images/validate')
  @ApiOk(ReceiptDto, 'service_unavailable')
  validate(@Body() body: ValidateImageDto): ReceiptDto {
    return this.validations.submit(body);
  }

  /** Stop the executor of a task: within seconds, by force after 10 s; or a validation by its task id. 503: not here */
  @Post('tasks/cancel')
  @ApiOk(StatusDto, 'bad_request', 'service_unavailable')
  cancel(@Body() { task_id: taskId }: CancelDto): StatusDto {
    if (taskId > 0) {
      this.executors.cancel(taskId);

      return { status: 'success', message: 'The executor is being stopped' };
    }
    if (!this.validations.cancel(taskId)) throw new AppError('bad_request', `No validation ${taskId} runs here`);

    return { status: 'success', message: 'The validation is being stopped' };
  }

  /** How much there is to do */
  @Get('executor/load')
  load(): LoadDto {
    const validations = this.validations.load();
    const { task_ids: tasks, containers, free_slots } = this.executors.load();

    return {
      ...{ ...validations, containers, free_slots },
      task_ids: [...tasks, ...validations.task_ids],
      running: tasks.length + validations.running,
      total: tasks.length + validations.total,
    };
  }

  /** Delete an executor: its container, and its workspace when its task is deleted or deletes its executors */
  @Post('executor/delete')
  @ApiOk(DeletedExecutorDto, 'service_unavailable')
  async delete(@Body() { executor_name: name }: DeleteExecutorDto): Promise<DeletedExecutorDto> {
    const problem = await this.executors.delete(name);

    return problem === null ? { status: 'success' } : { status: 'failed', error_msg: problem };
  }

  /** Ask whether an executor lives */
  @Get('executor/:name')
  @ApiOk(ExecutorPresenceDto)
  presence(@Param('name') name: string): Promise<ExecutorPresenceDto> {
    return this.executors.presence(name);
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
  constructor(private readonly engine: ContainerRuntime) {}

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

/** For Prometheus; needs the internal token, as all calls of this program do. */
@UseGuards(InternalGuard)
@ApiController('metrics', 'operations')
export class ManagerMetricsController {
  /** Metrics of this process in the Prometheus text format */
  @Get()
  @Header('Content-Type', register.contentType)
  async metrics(@Res() reply: FastifyReply): Promise<void> {
    await reply.send(await register.metrics());
  }
}
