/** Forms with a file, whose bytes pass through: never more of them in memory than a stream's buffers hold. */
import { Busboy, type BusboyFileStream, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { AppError } from '../../../common/app-error.js';

const LIMITS = { files: 1, fields: 20, parts: 21, fieldSize: 4_000, headerPairs: 20, headerSize: 8_192 };

const BROKE_OFF = 'The upload broke off';

interface UploadRoute {
  takesForms?: boolean;
}

/** Lets a route have `multipart/form-data`, which it reads itself with {@link openUpload}. */
export const TakesForms = () => RouteConfig({ takesForms: true } satisfies UploadRoute);

/** Hands forms over unread, to routes with {@link TakesForms} only. */
export function passForms(instance: FastifyInstance): void {
  instance.addContentTypeParser('multipart/form-data', (request, _body, done) => {
    const { takesForms } = request.routeOptions.config as UploadRoute;
    done(takesForms ? null : new AppError('unsupported_media_type', 'Send the body as application/json'));
  });
}

/** A file that is arriving. {@link close} ends the use of it. */
export interface Upload {
  /** The form's fields before the file. */
  fields: ReadonlyMap<string, string>;
  name: string;
  mimeType: string;
  /** Fails with an `AppError` when the form breaks off or is malformed. */
  content: AsyncIterable<Buffer>;
  /** Lets the rest of the body pass unread. */
  close: () => void;
}

/**
 * Settles when the file of a form begins. What follows the file is ignored.
 * @throws AppError bad_request, unsupported_media_type
 */
export function openUpload(message: IncomingMessage): Promise<Upload> {
  const form = newForm(message);
  const fields = new Map<string, string>();

  return new Promise((resolve, reject) => {
    let file: BusboyFileStream | undefined;
    const close = () => {
      message.unpipe(form).off('close', onClose).resume();
      file?.destroy();
      form.destroy();
    };
    const fail = (reason: string) => {
      const error = new AppError('bad_request', reason);
      if (file) file.destroy(error);
      else close();
      reject(error);
    };
    const onClose = () => (message.complete ? undefined : fail(BROKE_OFF));
    form.on('field', (name, value, _long, isCut) =>
      isCut ? fail(`The field ${name} is too long`) : fields.set(name, value),
    );
    form.on('file', (_field, content, name, _encoding, mimeType) => {
      file = content;
      // Only emitted by the parser: who begins to read later must find it, too.
      content.on('error', (error) => content.destroy(error));
      resolve({ fields, name, mimeType, content: bytesOf(content), close });
    });
    form.on('finish', () => (file ? undefined : fail('The form holds no file')));
    form.on('error', () => fail('The form is malformed'));
    message.on('close', onClose).pipe(form);
  });
}

async function* bytesOf(file: BusboyFileStream): AsyncGenerator<Buffer> {
  try {
    yield* file as AsyncIterable<Buffer>;
  } catch (error) {
    throw error instanceof AppError ? error : new AppError('bad_request', BROKE_OFF);
  }
}

function newForm({ headers }: IncomingMessage): BusboyInstance {
  if (!/^multipart\/form-data\b/i.test(headers['content-type'] ?? '')) {
    throw new AppError('unsupported_media_type', 'Send the file as multipart/form-data');
  }
  try {
    return new Busboy({ headers: headers as BusboyHeaders, limits: LIMITS });
  } catch {
    throw new AppError('bad_request', 'The form is malformed: its content-type names no boundary');
  }
}
