import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { ERROR_STATUS, type ErrorCode } from '../../../common/app-error.js';
import { ErrorDto } from './error.dto.js';

/** Describes the error codes of a call in Swagger, one reply per status. */
export function ApiErrors(...codes: ErrorCode[]): MethodDecorator & ClassDecorator {
  const statuses = [...new Set(codes.map((code) => ERROR_STATUS[code]))];
  const described = (status: number) =>
    codes.filter((code) => ERROR_STATUS[code] === status).map((code) => `\`${code}\``);

  return applyDecorators(
    ...statuses.map((status) => ApiResponse({ status, type: ErrorDto, description: described(status).join(', ') })),
  );
}
