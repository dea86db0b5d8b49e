/** Forms with a file, which is streamed and never in memory as a whole. */
import multipart from '@fastify/multipart';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ServerResponse } from 'node:http';
import { AppError, errorCode } from '../../../common/app-error.js';

/** Files have no limit here: which one applies depends on the fields before them. */
const LIMITS = {
  files: 1,
  fields: 20,
  parts: 21,
  fieldSize: 4_000,
  headerPairs: 20,
  headerSize: 8_192,
  fileSize: Infinity,
};

interface UploadRoute {
  takesForms?: boolean;
}

/** Allows `multipart/form-data` on a route, which reads it with {@link openUpload}. */
export const TakesForms = () => RouteConfig({ takesForms: true } satisfies UploadRoute);

/** Accepts forms, unread, on routes with {@link TakesForms} only. */
export function acceptForms(instance: FastifyInstance): void {
  instance.register(multipart, { limits: LIMITS });
  instance.addHook('preValidation', (request, _reply, done) => {
    const { takesForms } = request.routeOptions.config as UploadRoute;
    const isWrong = request.isMultipart() && !takesForms;
    done(isWrong ? new AppError('unsupported_media_type', 'Send the body as application/json') : undefined);
  });
}

/** A file that is being received, until {@link close}. */
export interface Upload {
  /** The form's fields before the file. */
  fields: ReadonlyMap<string, string>;
  name: string;
  mimeType: string;
  /** Fails with an `AppError` when the form breaks off or is malformed. */
  content: AsyncIterable<Buffer>;
  /** Discards the rest of the body. */
  close: () => void;
}

/**
 * Resolves when the file of a form begins. Parts after the file are ignored.
 * @throws AppError bad_request, unsupported_media_type
 */
export async function openUpload(request: FastifyRequest): Promise<Upload> {
  if (!request.isMultipart()) throw new AppError('unsupported_media_type', 'Send the file as multipart/form-data');
  if (!/boundary=/i.test(request.headers['content-type'] ?? '')) {
    throw new AppError('bad_request', 'The form is malformed: its content-type names no boundary');
  }
  const skipRest = () => void request.raw.unpipe().resume();
  const fields = new Map<string, string>();
  try {
    for await (const part of request.parts()) {
      if (part.type === 'file') {
        const close = () => {
          skipRest();
          part.file.destroy();
        };

        return { fields, name: part.filename, mimeType: part.mimetype, content: bytesOf(part.file), close };
      }
      if (part.valueTruncated) throw new AppError('bad_request', `The field ${part.fieldname} is too long`);
      fields.set(part.fieldname, String(part.value));
    }
    throw new AppError('bad_request', 'The form holds no file');
  } catch (error) {
    skipRest();
    throw toFormError(error);
  }
}

async function* bytesOf(file: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* file;
  } catch (error) {
    throw toFormError(error);
  }
}

function toFormError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const message = errorCode(error) === 'FST_MP_PREMATURE_CLOSE' ? 'The upload broke off' : 'The form is malformed';

  return new AppError('bad_request', message);
}

/** Returns a signal that aborts when the client disconnects before its reply is sent. */
export function whenClientGone(reply: ServerResponse): AbortSignal {
  const gone = new AbortController();
  reply.once('close', () => {
    if (!reply.writableFinished) gone.abort(new AppError('bad_request', 'The client went away'));
  });

  return gone.signal;
}
