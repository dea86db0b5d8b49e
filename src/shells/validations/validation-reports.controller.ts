import { Body, Controller, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Public } from '../../auth/auth-user.js';
import { InternalGuard } from '../../auth/internal-access.js';
import { ApiErrors } from '../../infra/http/server/api-errors.js';
import { ValidationReceiptDto, ValidationReportDto } from './validation.dto.js';
import { ValidationsService } from './validations.service.js';

/** What executor managers find out about images. Not for users: see {@link InternalGuard}. */
@ApiTags('executors')
@ApiBearerAuth()
@ApiErrors('unauthorized', 'validation_failed')
@Public()
@UseGuards(InternalGuard)
@Controller('shells/validation-status')
export class ValidationReportsController {
  constructor(private readonly validations: ValidationsService) {}

  /** Report on the validation of an image: 200 once the report is stored, or of no use any more */
  @Post(':id')
  @HttpCode(200)
  @ApiOkResponse({ type: ValidationReceiptDto })
  @ApiErrors('not_found', 'service_unavailable')
  report(@Param('id') id: string, @Body() body: ValidationReportDto): Promise<ValidationReceiptDto> {
    return this.validations.report(id, body);
  }
}
