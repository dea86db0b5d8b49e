import { Get } from '@nestjs/common';
import { AuthUser, CurrentUser } from '../../auth/auth-user.js';
import { ApiController, ApiOk } from '../../infra/http/server/api-replies.js';
import { IdParam } from '../../infra/http/server/id.pipe.js';
import { TaskDiagnosisDto } from './task-diagnosis.dto.js';
import { TaskDiagnosisService } from './task-diagnosis.service.js';

/** Why a task is where it is. */
@ApiController('tasks')
export class TaskDiagnosisController {
  constructor(private readonly diagnoses: TaskDiagnosisService) {}

  /** Why a task is where it is: who has it, what it waits for, what can be done */
  @Get(':id/diagnosis')
  @ApiOk(TaskDiagnosisDto, 'not_found')
  diagnose(@CurrentUser() user: AuthUser, @IdParam() id: number): Promise<TaskDiagnosisDto> {
    return this.diagnoses.diagnose(user.id, id);
  }
}
