/** Which files may be uploaded to an app, according to its `/parameters`. */
import { AppError } from '../../common/app-error.js';
import type { DifyFile } from '../../common/contracts/dify.js';
import { invalid } from '../../infra/http/server/validation.pipe.js';
import type { FileRules } from '../inputs/file-rules.js';
import { type AppForm, type FileSizes, isFileField } from '../inputs/input-form.js';

export interface UploadFacts {
  name: string;
  mimeType: string;
}

/** Dify's own lists: the kind follows from the extension. */
const EXTENSIONS: Readonly<Record<Exclude<DifyFile['type'], 'custom'>, readonly string[]>> = {
  image: ['jpg', 'jpeg', 'png', 'webp', 'gif', 'svg'],
  video: ['mp4', 'mov', 'mpeg', 'webm'],
  audio: ['mp3', 'm4a', 'wav', 'amr', 'mpga'],
  document: [
    ...['txt', 'markdown', 'md', 'mdx', 'pdf', 'html', 'htm', 'xlsx', 'xls', 'vtt', 'properties', 'doc', 'docx'],
    ...['csv', 'eml', 'msg', 'pptx', 'ppt', 'xml', 'epub'],
  ],
};

/** Returns the type under which a question or an input refers to the uploaded file. */
export function fileTypeOf({ name, mimeType }: UploadFacts): DifyFile['type'] {
  const extension = extensionOf(name);
  const listed = Object.entries(EXTENSIONS).find(([, extensions]) => extensions.includes(extension));
  if (listed) return listed[0] as DifyFile['type'];
  const [kind] = mimeType.split('/');
  if (extension === '' && (kind === 'image' || kind === 'audio' || kind === 'video')) return kind;

  return 'custom';
}

/**
 * Returns how many bytes a file may have.
 * @throws AppError dify_input_invalid when the app accepts no uploads, unsupported_media_type when none of this type
 */
export function maxUploadBytes(file: UploadFacts, form: AppForm): number {
  const type = fileTypeOf(file);
  const accepted = acceptedFiles(form);
  if (accepted.length === 0) {
    throw invalid([{ field: 'file', message: 'This app takes no uploaded file' }], 'dify_input_invalid');
  }
  if (!accepted.some((rules) => accepts(rules, type, extensionOf(file.name)))) {
    const kinds = [...new Set(accepted.flatMap(({ types, extensions }) => [...types, ...extensions]))];
    throw new AppError('unsupported_media_type', `This app does not take ${file.name}: it takes ${kinds.join(', ')}`);
  }

  return sizeFor(type, form.sizes);
}

/** The rules of all uses of an uploaded file: the question and file inputs. */
function acceptedFiles({ fields, files }: AppForm): FileRules[] {
  const inputs = fields.filter(isFileField).map((field) => field.files);

  return [...(files ? [files] : []), ...inputs].filter(
    ({ methods }) => methods.length === 0 || methods.includes('local_file'),
  );
}

function accepts({ types, extensions }: FileRules, type: string, extension: string): boolean {
  if (types.length === 0 || types.includes(type)) return type !== 'custom' || matches(extensions, extension);

  return types.includes('custom') && matches(extensions, extension);
}

function matches(extensions: readonly string[], extension: string): boolean {
  return extensions.length === 0 || extensions.includes(extension);
}

function sizeFor(type: DifyFile['type'], sizes: FileSizes): number {
  return type === 'image' || type === 'audio' || type === 'video' ? sizes[type] : sizes.other;
}

function extensionOf(name: string): string {
  return /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
}
