import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../../common/app-error.js';
import type { DifyConnection } from '../../common/contracts/dify.js';
import { MAX_ID } from '../../common/fields.js';
import { asNumber, asText, type JsonObject } from '../../common/text/json.js';
import { EndUserPseudonyms } from '../../infra/crypto/end-user-pseudonyms.js';
import { openUpload, type Upload } from '../../infra/http/server/multipart.js';
import { invalid } from '../../infra/http/server/validation.pipe.js';
import { DifyApps } from '../client/dify-apps.js';
import { DifyClient } from '../client/dify.client.js';
import { DifyConnections } from '../client/dify-connections.js';
import type { UploadedFileDto } from '../dify.dto.js';
import { multipartBody } from './multipart-body.js';
import { tooBig, UploadWatch } from './upload-watch.js';
import { fileTypeOf, maxUploadBytes } from './upload-rules.js';

/** Limit of the other fields of the form. */
const FORM_BYTES = 128 * 1024;
/** Limit of a file, whatever the app allows. */
const MAX_BYTES = 512 * 1024 * 1024;

/** Streams uploaded files to Dify without storing them. */
@Injectable()
export class UploadsService {
  constructor(
    private readonly connections: DifyConnections,
    private readonly apps: DifyApps,
    private readonly client: DifyClient,
    private readonly names: EndUserPseudonyms,
  ) {}

  /**
   * Forwards the file of a form while it arrives.
   * @param botId from the query; undefined when it is a field of the form before the file
   * @param gone aborts when the client has disconnected
   * @throws AppError bad_request, validation_failed, not_found, dify_input_invalid, unsupported_media_type,
   * payload_too_large, and what Dify may answer
   */
  async send(userId: number, request: FastifyRequest, botId: number | undefined, gone: AbortSignal) {
    const upload = await openUpload(request);
    try {
      const connection = await this.connections.ofBot(userId, botId ?? botIdOf(upload));
      const maxBytes = Math.min(maxUploadBytes(upload, await this.apps.form(connection)), MAX_BYTES);
      if (Number(request.headers['content-length'] ?? 0) > maxBytes + FORM_BYTES) throw tooBig(maxBytes);
      const watch = new UploadWatch(upload.content, { maxBytes, gone });

      return await this.pass(connection, upload, watch, this.names.of(userId));
    } finally {
      upload.close();
    }
  }

  private async pass(connection: DifyConnection, upload: Upload, watch: UploadWatch, user: string) {
    const { name, mimeType } = upload;
    const { body, contentType } = multipartBody({ user }, { name, mimeType, content: watch });
    try {
      return toFile(await this.client.upload(connection, body, contentType, watch.signal), upload);
    } finally {
      watch.end();
      body.destroy();
    }
  }
}

function botIdOf({ fields }: Upload): number {
  const id = Number(fields.get('bot_id'));
  if (Number.isInteger(id) && id > 0 && id <= MAX_ID) return id;
  throw invalid([{ field: 'bot_id', message: 'bot_id must be in the query, or a field of the form before the file' }]);
}

function toFile(reply: JsonObject, upload: Upload): UploadedFileDto {
  const id = asText(reply.id);
  if (id === undefined) throw new AppError('provider_protocol', 'Dify took the file and gave no id');

  return {
    id,
    type: fileTypeOf(upload),
    name: asText(reply.name) ?? upload.name,
    size: asNumber(reply.size) ?? 0,
    extension: asText(reply.extension) ?? null,
    mime_type: asText(reply.mime_type) ?? null,
  };
}
