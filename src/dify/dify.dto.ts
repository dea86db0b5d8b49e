import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { DIFY_MODES, type DifyFile } from '../common/dify.js';
import { EnumField, IdField, IntField, TextField } from '../common/fields.js';
import type { DifyAppInfo } from './client/dify.client.js';
import { FILE_TYPES, type FileRules, TRANSFER_METHODS } from './inputs/file-rules.js';
import { type AppForm, type InputField, takesFiles } from './inputs/input-form.js';

const optional = true;

/** Which app is meant. */
export class DifyAppRef {
  @IdField({ optional, description: 'A bot of mine or a public one, with the shell Dify' })
  bot_id?: number;

  @TextField({ max: 500, optional, secret: true, description: 'In place of bot_id: the key of an app' })
  api_key?: string;

  @TextField({ max: 2_000, optional, example: 'https://api.dify.ai', description: 'With or without /v1' })
  base_url?: string;
}

/** A file of a question, as Dify's API takes it. */
export class DifyFileDto implements DifyFile {
  @EnumField(FILE_TYPES)
  type!: DifyFile['type'];

  @EnumField(TRANSFER_METHODS)
  transfer_method!: DifyFile['transfer_method'];

  @TextField({ max: 8_000, optional, description: 'With remote_url: Dify fetches it' })
  url?: string;

  @TextField({ max: 128, optional, description: 'With local_file: the id that POST /api/dify/files gave' })
  upload_file_id?: string;
}

export class DifyAppInfoDto {
  @ApiProperty()
  name!: string;

  @ApiProperty()
  description!: string;

  @ApiProperty({ type: [String] })
  tags!: string[];

  @ApiProperty({ type: String, nullable: true, enum: DIFY_MODES, description: 'Null: the server is too old to tell' })
  mode!: string | null;

  @ApiProperty({ type: String, nullable: true })
  author_name!: string | null;
}

/** A field of the form that a team asks for, as Wegent's client shows it. */
export class InputParameterDto {
  @ApiProperty({ description: 'Name of the input' })
  variable!: string;

  @ApiProperty()
  label!: string;

  @ApiProperty()
  required!: boolean;

  @ApiProperty({ example: 'text-input', description: "Dify's name: text-input, paragraph, select, number, file, …" })
  type!: string;

  @ApiPropertyOptional({ type: [String] })
  options?: string[];

  @ApiPropertyOptional({ description: 'Characters, or files' })
  max_length?: number;

  @ApiPropertyOptional()
  placeholder?: string;

  @ApiPropertyOptional({ description: 'A value of the type of the input' })
  default?: unknown;

  @ApiPropertyOptional()
  hint?: string;

  @ApiPropertyOptional({ type: [String], description: 'Of file inputs' })
  allowed_file_types?: string[];

  @ApiPropertyOptional({ type: [String] })
  allowed_file_extensions?: string[];

  @ApiPropertyOptional({ type: [String] })
  allowed_file_upload_methods?: string[];
}

/** What the question may bring along. */
export class QuestionFilesDto {
  @ApiProperty({ type: [String], description: 'Empty lists allow everything' })
  allowed_file_types!: string[];

  @ApiProperty({ type: [String] })
  allowed_file_extensions!: string[];

  @ApiProperty({ type: [String] })
  allowed_file_upload_methods!: string[];

  @ApiProperty({ description: '0 = any number' })
  number_limits!: number;
}

export class InputParametersDto {
  @ApiProperty()
  has_parameters!: boolean;

  @ApiProperty({ type: [InputParameterDto] })
  parameters!: InputParameterDto[];

  @ApiPropertyOptional({ enum: DIFY_MODES, description: 'Of Dify teams' })
  app_mode?: string;

  @ApiPropertyOptional({ type: QuestionFilesDto, description: 'Of teams whose question may bring files' })
  files?: QuestionFilesDto;
}

export class FeedbackDto {
  @EnumField(['like', 'dislike'], { nullable: true, description: 'Null takes the feedback back' })
  rating!: 'like' | 'dislike' | null;

  @TextField({ max: 4_000, min: 0, optional })
  content?: string;
}

export class UploadQuery {
  @IntField({ min: 1, optional, query: true, description: 'In place of a field of the form' })
  bot_id?: number;
}

/** Dify's reply to an upload, with the `type` to use the file by. */
export class UploadedFileDto {
  @ApiProperty({ description: 'The upload_file_id' })
  id!: string;

  @ApiProperty({ enum: FILE_TYPES })
  type!: DifyFile['type'];

  @ApiProperty()
  name!: string;

  @ApiProperty()
  size!: number;

  @ApiProperty({ type: String, nullable: true })
  extension!: string | null;

  @ApiProperty({ type: String, nullable: true })
  mime_type!: string | null;
}

/** The fields of a form; hidden ones are for callers who know of them. */
export function toParameters(fields: readonly InputField[]): InputParameterDto[] {
  return fields.filter(({ hidden }) => !hidden).map(toParameter);
}

export function toQuestionFiles({ files }: AppForm): QuestionFilesDto | undefined {
  return files ? { ...toAllowed(files), number_limits: files.max } : undefined;
}

function toParameter(field: InputField): InputParameterDto {
  const { variable, label, required, type, options, maxLength, placeholder, hint } = field;

  return {
    ...{ variable, label, required, type },
    ...(options.length > 0 && { options: [...options] }),
    ...(maxLength > 0 && { max_length: maxLength }),
    ...(field.default !== undefined && { default: field.default }),
    ...(placeholder !== undefined && { placeholder }),
    ...(hint !== undefined && { hint }),
    ...(takesFiles(field) && toAllowed(field.files)),
  };
}

function toAllowed({ types, extensions, methods }: FileRules) {
  return {
    allowed_file_types: [...types],
    allowed_file_extensions: [...extensions],
    allowed_file_upload_methods: [...methods],
  };
}

export function toInfo({ author, ...facts }: DifyAppInfo): DifyAppInfoDto {
  return { ...facts, author_name: author };
}
