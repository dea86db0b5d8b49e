import { Injectable, Param, type PipeTransform } from '@nestjs/common';
import { AppError } from '../../../common/app-error.js';
import { MAX_ID } from '../../../common/fields.js';

/** Parses the id in a path. @throws AppError not_found for anything else, as for an id without a row */
@Injectable()
export class IdPipe implements PipeTransform<string, number> {
  transform(text: string): number {
    const id = /^\d{1,10}$/.test(text) ? Number(text) : 0;
    if (id < 1 || id > MAX_ID) throw new AppError('not_found', 'Not found: ids are positive integers');

    return id;
  }
}

/** `@IdParam() id: number`: the integer id of the path. */
export const IdParam = (name = 'id') => Param(name, IdPipe);
