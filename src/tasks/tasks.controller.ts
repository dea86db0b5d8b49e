import { Body, Delete, Get, Headers, Post, Put, Query } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { AuthUser, CurrentUser } from '../auth/auth-user.js';
import { MessageDto, PageQuery } from '../common/page.js';
import { ApiController, ApiCreated, ApiOk } from '../infra/http/server/api-replies.js';
import { IdParam } from '../infra/http/server/id.pipe.js';
import { TaskCancelService } from './cancel/task-cancel.service.js';
import { CreateTaskDto, CreateTaskQuery, SearchTasksQuery, TasksQuery, UpdateTaskDto } from './task-requests.dto.js';
import { CancelTaskDto, LiteTaskListDto, TaskDetailDto, TaskDto, TaskIdDto, TaskListDto } from './tasks.dto.js';
import { SubtaskListDto } from './subtasks.dto.js';
import { TasksService } from './tasks.service.js';
import { IDEMPOTENCY_KEY } from './turns/idempotency.js';

/** Wegent's task calls. */
@ApiController('tasks')
export class TasksController {
  constructor(
    private readonly tasks: TasksService,
    private readonly cancels: TaskCancelService,
  ) {}

  /** Reserve the id of a new task; nobody else can use it */
  @Post()
  @ApiOk(TaskIdDto, 'too_many_new_tasks', 'storage_quota_exceeded')
  async reserve(@CurrentUser() user: AuthUser): Promise<TaskIdDto> {
    return { task_id: await this.tasks.reserve(user.id) };
  }

  /** Create a task, or append a turn to the one named by task_id */
  @Post('create')
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiCreated(
    TaskDto,
    ...(['not_found', 'task_busy', 'task_expired', 'task_final', 'prompt_too_long'] as const),
    ...(['storage_quota_exceeded', 'too_many_new_tasks', 'idempotency_key_reused', 'bad_request'] as const),
  )
  create(
    @CurrentUser() user: AuthUser,
    @Query() query: CreateTaskQuery,
    @Body() body: CreateTaskDto,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<TaskDto> {
    return this.tasks.createOrAppend(user.id, query.task_id, body, key);
  }

  /** My tasks, newest first; by status, kind, team or a part of the title */
  @Get()
  list(@CurrentUser() user: AuthUser, @Query() query: TasksQuery): Promise<TaskListDto> {
    return this.tasks.list(user.id, query);
  }

  /** My tasks in short, newest first */
  @Get('lite')
  lite(@CurrentUser() user: AuthUser, @Query() query: PageQuery): Promise<LiteTaskListDto> {
    return this.tasks.listLite(user.id, query);
  }

  /** My tasks whose title holds a text */
  @Get('search')
  search(@CurrentUser() user: AuthUser, @Query() query: SearchTasksQuery): Promise<TaskListDto> {
    return this.tasks.list(user.id, query);
  }

  /** A task with its team and its newest subtasks */
  @Get(':id')
  @ApiOk(TaskDetailDto, 'not_found')
  get(@CurrentUser() user: AuthUser, @IdParam() id: number): Promise<TaskDetailDto> {
    return this.tasks.detail(user.id, id);
  }

  /** All subtasks; page 1 holds the newest, each page is in the order of the conversation */
  @Get(':id/subtasks')
  @ApiOk(SubtaskListDto, 'not_found')
  subtasks(@CurrentUser() user: AuthUser, @IdParam() id: number, @Query() query: PageQuery): Promise<SubtaskListDto> {
    return this.tasks.subtasks(user.id, id, query);
  }

  /** Create the task whose id was reserved, or append a turn to an ended one */
  @Post(':id')
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiCreated(
    TaskDto,
    ...(['not_found', 'task_busy', 'task_expired', 'task_final', 'prompt_too_long'] as const),
    ...(['storage_quota_exceeded', 'idempotency_key_reused', 'bad_request'] as const),
  )
  append(
    @CurrentUser() user: AuthUser,
    @IdParam() id: number,
    @Body() body: CreateTaskDto,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<TaskDto> {
    return this.tasks.createOrAppend(user.id, id, body, key);
  }

  /** Edit a task */
  @Put(':id')
  @ApiOk(TaskDto, 'not_found', 'conflict')
  update(@CurrentUser() user: AuthUser, @IdParam() id: number, @Body() body: UpdateTaskDto): Promise<TaskDto> {
    return this.tasks.update(user.id, id, body);
  }

  /** Cancel what runs, then delete the task */
  @Delete(':id')
  @ApiOk(MessageDto, 'not_found', 'task_busy')
  async remove(@CurrentUser() user: AuthUser, @IdParam() id: number): Promise<MessageDto> {
    await this.tasks.remove(user.id, id);

    return { message: `Task ${id} deleted` };
  }

  /** Ask a task to stop; its end follows */
  @Post(':id/cancel')
  @ApiOk(CancelTaskDto, 'not_found', 'task_final')
  async cancel(@CurrentUser() user: AuthUser, @IdParam() id: number): Promise<CancelTaskDto> {
    await this.cancels.request(user.id, id);

    return { message: `Task ${id} is being cancelled`, status: 'CANCELLING' };
  }

  /** Run the newest turn again, which failed or was cancelled */
  @Post(':id/retry')
  @ApiCreated(
    TaskDto,
    ...(['not_found', 'conflict', 'task_busy', 'model_not_configured'] as const),
    ...(['too_many_running_tasks', 'too_many_chats', 'service_unavailable', 'storage_quota_exceeded'] as const),
  )
  retry(@CurrentUser() user: AuthUser, @IdParam() id: number): Promise<TaskDto> {
    return this.tasks.retry(user.id, id);
  }
}
