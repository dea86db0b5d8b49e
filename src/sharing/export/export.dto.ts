import { EnumField } from '../../common/fields.js';

export const FORMATS = ['markdown', 'json', 'ndjson'] as const;
export type ExportFormat = (typeof FORMATS)[number];

export class ExportQuery {
  @EnumField(FORMATS, { optional: true, default: 'markdown' })
  format: ExportFormat = 'markdown';
}
