import { type DifyFile, FILE_TYPES, TRANSFER_METHODS } from './contracts/dify.js';
import { EnumField, NestedListField, ObjectField, TextField } from './fields.js';
import type { JsonObject } from './text/json.js';

const optional = true;

/** A file of a question, as Dify's API takes it. */
export class DifyFileDto implements DifyFile {
  @EnumField(FILE_TYPES)
  type!: DifyFile['type'];

  @EnumField(TRANSFER_METHODS)
  transfer_method!: DifyFile['transfer_method'];

  /** With remote_url: Dify fetches it */
  @TextField({ max: 8_000, optional })
  url?: string;

  /** With local_file: the id that POST /api/dify/files gave */
  @TextField({ max: 128, optional })
  upload_file_id?: string;
}

/** What turns bring along for apps besides their prompt. */
export class AppInputsDto {
  /** For Dify apps, by the names of GET /api/teams/{id}/input-parameters; kept for the turns that follow */
  @ObjectField({ optional, example: { city: 'Graz' } })
  inputs?: JsonObject;

  /** For Dify apps */
  @NestedListField(() => DifyFileDto, { optional, maxItems: 100 })
  files?: DifyFileDto[];
}
