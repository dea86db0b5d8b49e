import { applyDecorators, Controller, HttpCode, type Type } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { ErrorCode } from '../../../common/app-error.js';
import { ApiErrors } from './api-errors.js';

/** A controller whose callers prove who they are. @param tag its group in Swagger */
export function ApiController(path: string, tag = path): ClassDecorator {
  return applyDecorators(
    ApiTags(tag),
    ApiBearerAuth(),
    ApiErrors('unauthorized', 'validation_failed', 'too_many_requests'),
    Controller(path),
  );
}

/** A call that answers with 200: its reply and its errors. */
export function ApiOk(type: Type, ...errors: ErrorCode[]): MethodDecorator {
  return applyDecorators(HttpCode(200), ApiOkResponse({ type }), ApiErrors(...errors));
}

/** A call that answers with 201: its reply and its errors. */
export function ApiCreated(type: Type, ...errors: ErrorCode[]): MethodDecorator {
  return applyDecorators(ApiCreatedResponse({ type }), ApiErrors(...errors));
}
