import { EnumField } from '../../common/fields.js';
import { RefusesUnknownFields } from '../../infra/http/server/validation.pipe.js';

export const FORMATS = ['markdown', 'json', 'ndjson'] as const;
export type ExportFormat = (typeof FORMATS)[number];

@RefusesUnknownFields()
export class ExportQuery {
  @EnumField(FORMATS, { optional: true, default: 'markdown' })
  format: ExportFormat = 'markdown';
}
