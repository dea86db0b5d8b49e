// `POST /files/upload`
import { randomUUID } from 'node:crypto';
import { extname } from 'node:path';
import { type DifyApp, isApp, uploadLimits } from './dify-apps.js';
import type { MultipartBody, MultipartFile } from './dify-multipart.js';
import { DifyProblem } from './dify-request.js';
import { keep } from './runs/dify-state.js';
import { nowSeconds } from './dify-wire.js';
import { jsonReply } from '../deliver.js';
import type { Exchange, Reply } from '../exchange.js';

const MB = 1024 * 1024;
const DEFAULT_USER = 'DEFAULT-USER';

function isMultipart(body: unknown): body is MultipartBody {
  return typeof body === 'object' && body !== null && 'files' in body && Array.isArray(body.files);
}

function limitOf(app: DifyApp, type: string): number {
  const limits = uploadLimits(app);
  const kind = /^(image|audio|video)\//.exec(type)?.[1];
  return (limits[kind ? `${kind}_file_size_limit` : 'file_size_limit'] ?? 15) * MB;
}

function fileOf(app: DifyApp, body: unknown): MultipartFile {
  const files = isMultipart(body) ? body.files.filter(({ field }) => field === 'file') : [];
  const [file] = files;
  if (!file) throw new DifyProblem(400, 'no_file_uploaded', 'Please upload your file.');
  if (files.length > 1) throw new DifyProblem(400, 'too_many_files', 'Only one file is allowed.');
  if (file.name === '')
    throw new DifyProblem(400, 'filename_not_exists_error', 'The specified filename does not exist.');
  if (isApp(app, 'nofiles') || /\.(exe|sh|bat)$/i.test(file.name))
    throw new DifyProblem(415, 'unsupported_file_type', 'File type not allowed.');
  if (file.size > limitOf(app, file.type)) throw new DifyProblem(413, 'file_too_large', 'File size exceeded.');
  return file;
}

/** Takes a file for its user. */
export function upload(x: Exchange, app: DifyApp): Reply {
  const file = fileOf(app, x.request.body);
  const user = (x.request.body as MultipartBody).fields['user'] ?? DEFAULT_USER;
  const id = randomUUID();
  x.state.dify.counters.uploads += 1;
  const { name, size, type: mimeType, sha256 } = file;
  keep(x.state.dify.uploads, id, { id, key: app.key, user, name, size, mimeType, sha256 });
  const extension = extname(name).slice(1);
  const facts = { id, name, size, extension, mime_type: mimeType, created_by: randomUUID(), created_at: nowSeconds() };
  return jsonReply(201, { ...facts, preview_url: null, source_url: null });
}
