import { Controller, Get, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { AuthUser, CurrentUser } from '../../auth/auth-user.js';
import { ApiErrors } from '../../infra/http/server/api-errors.js';
import { IdPipe } from '../../infra/http/server/id.pipe.js';
import { TaskDiagnosisDto } from './task-diagnosis.dto.js';
import { TaskDiagnosisService } from './task-diagnosis.service.js';

/** Why a task is where it is. */
@ApiTags('tasks')
@ApiBearerAuth()
@ApiErrors('unauthorized', 'validation_failed')
@Controller('tasks')
export class TaskDiagnosisController {
  constructor(private readonly diagnoses: TaskDiagnosisService) {}

  /** Why a task is where it is: who has it, what it waits for, what can be done */
  @Get(':id/diagnosis')
  @ApiOkResponse({ type: TaskDiagnosisDto })
  @ApiErrors('not_found')
  diagnose(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<TaskDiagnosisDto> {
    return this.diagnoses.diagnose(user.id, id);
  }
}
