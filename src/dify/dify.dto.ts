import { ApiProperty } from '@nestjs/swagger';
import { DIFY_MODES, type DifyFile } from '../common/contracts/dify.js';
import { EnumField, IdField, IntField, TextField } from '../common/fields.js';
import type { DifyAppInfo } from './client/dify.client.js';
import type { FileRules } from './inputs/file-rules.js';
import { type AppForm, type InputField, isFileField } from './inputs/input-form.js';
import { RefusesUnknownFields } from '../infra/http/server/validation.pipe.js';

const optional = true;

/** Which app is meant. */
export class DifyAppRef {
  /** A bot of mine or a public one, with the shell Dify */
  @IdField({ optional })
  bot_id?: number;

  /** In place of bot_id: the key of an app */
  @TextField({ max: 500, optional, secret: true })
  api_key?: string;

  /**
   * With or without /v1
   * @example https://api.dify.ai
   */
  @TextField({ max: 2_000, optional })
  base_url?: string;
}

export class DifyAppInfoDto {
  name!: string;

  description!: string;

  tags!: string[];

  /** Null: the server is too old to tell */
  @ApiProperty({ type: String, enum: DIFY_MODES })
  mode!: string | null;

  author_name!: string | null;
}

/** A field of the form that a team asks for, as Wegent's client shows it. */
export class InputParameterDto {
  /** Name of the input */
  variable!: string;

  label!: string;

  required!: boolean;

  /**
   * Dify's name: text-input, paragraph, select, number, file, …
   * @example text-input
   */
  type!: string;

  options?: string[];

  /** Characters, or files */
  max_length?: number;

  placeholder?: string;

  /** A value of the type of the input */
  default?: unknown;

  hint?: string;

  /** Of file inputs */
  allowed_file_types?: string[];

  allowed_file_extensions?: string[];

  allowed_file_upload_methods?: string[];
}

/** What the question may bring along. */
export class QuestionFilesDto {
  /** Empty lists allow everything */
  allowed_file_types!: string[];

  allowed_file_extensions!: string[];

  allowed_file_upload_methods!: string[];

  /** 0 = any number */
  number_limits!: number;
}

export class InputParametersDto {
  has_parameters!: boolean;

  parameters!: InputParameterDto[];

  /** Of Dify teams */
  @ApiProperty({ enum: DIFY_MODES })
  app_mode?: string;

  /** Of teams whose question may bring files */
  files?: QuestionFilesDto;
}

@RefusesUnknownFields()
export class FeedbackDto {
  /** Null takes the feedback back */
  @EnumField(['like', 'dislike'], { nullable: true })
  rating!: 'like' | 'dislike' | null;

  @TextField({ max: 4_000, min: 0, optional })
  content?: string;
}

@RefusesUnknownFields()
export class UploadQuery {
  /** In place of a field of the form */
  @IntField({ min: 1, optional, query: true })
  bot_id?: number;
}

/** Dify's reply to an upload, with the `type` to use the file by. */
export class UploadedFileDto {
  /** The upload_file_id */
  id!: string;

  type!: DifyFile['type'];

  name!: string;

  size!: number;

  extension!: string | null;

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
    ...(isFileField(field) && toAllowed(field.files)),
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
