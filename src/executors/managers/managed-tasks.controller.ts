import { Body, Post, UseGuards } from '@nestjs/common';
import { Public } from '../../auth/auth-user.js';
import { InternalGuard } from '../../auth/internal-access.js';
import { ApiController, ApiOk } from '../../infra/http/server/api-replies.js';
import { IdParam } from '../../infra/http/server/id.pipe.js';
import { MaxBodyBytes } from '../../infra/http/server/request-body.js';
import { ExecutorGuard } from '../executor.guard.js';
import { LeaseDto } from '../reports/executor-reports.dto.js';
import { ReleaseDto, ReleasedDto, StageDto, TaskStatesDto, TaskStatesQueryDto } from './managed-tasks.dto.js';
import { ManagedTasksService } from './managed-tasks.service.js';
import { ReleasesService } from './releases.service.js';

const SMALL_BYTES = 16 * 1024;

/** What executor managers ask and say about subtasks besides claims and reports. Wegent's manager does without. */
@Public()
@ApiController('executors/tasks', 'executors')
export class ManagedTasksController {
  constructor(
    private readonly tasks: ManagedTasksService,
    private readonly releases: ReleasesService,
  ) {}

  /** Ask for the state of tasks: whether their containers and workspaces are needed */
  @Post('states')
  @UseGuards(InternalGuard)
  @MaxBodyBytes(() => SMALL_BYTES, { isInternal: true })
  @ApiOk(TaskStatesDto)
  states(@Body() body: TaskStatesQueryDto): Promise<TaskStatesDto> {
    return this.tasks.states(body);
  }

  /** Give a subtask back whose executor is lost: it is offered again at once, or fails after EXECUTOR_MAX_ATTEMPTS */
  @Post(':subtask_id/release')
  @UseGuards(ExecutorGuard)
  @MaxBodyBytes(() => SMALL_BYTES, { isInternal: true })
  @ApiOk(ReleasedDto, 'forbidden', 'not_found', 'lease_lost')
  release(@IdParam('subtask_id') subtaskId: number, @Body() body: ReleaseDto): Promise<ReleasedDto> {
    return this.releases.release(subtaskId, body);
  }

  /** Say what is done before the executor works: extends the lease as a heartbeat does, and is shown by the diagnosis */
  @Post(':subtask_id/stage')
  @UseGuards(ExecutorGuard)
  @MaxBodyBytes(() => SMALL_BYTES, { isInternal: true })
  @ApiOk(LeaseDto, 'forbidden', 'not_found', 'subtask_final', 'lease_lost')
  stage(@IdParam('subtask_id') subtaskId: number, @Body() body: StageDto): Promise<LeaseDto> {
    return this.tasks.setStage(subtaskId, body);
  }
}
