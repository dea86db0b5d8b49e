import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiResponse } from '@nestjs/swagger';
import { ERROR_STATUS, type ErrorCode } from '../../../common/app-error.js';

class FieldProblemDto {
  @ApiProperty()
  field!: string;

  @ApiProperty()
  message!: string;
}

/** Body of every error reply. */
export class ErrorDto {
  @ApiProperty()
  statusCode!: number;

  @ApiProperty({ enum: Object.keys(ERROR_STATUS), description: 'Stable; decide by it, not by the text' })
  code!: string;

  @ApiProperty()
  message!: string;

  @ApiProperty({ description: 'The same text' })
  detail!: string;

  @ApiProperty()
  request_id!: string;

  @ApiProperty({ type: [FieldProblemDto], required: false })
  errors?: FieldProblemDto[];
}

/** Describes the error codes of a call in Swagger, one reply per status. */
export function ApiErrors(...codes: ErrorCode[]): MethodDecorator & ClassDecorator {
  const statuses = [...new Set(codes.map((code) => ERROR_STATUS[code]))];
  const described = (status: number) =>
    codes.filter((code) => ERROR_STATUS[code] === status).map((code) => `\`${code}\``);

  return applyDecorators(
    ...statuses.map((status) => ApiResponse({ status, type: ErrorDto, description: described(status).join(', ') })),
  );
}
