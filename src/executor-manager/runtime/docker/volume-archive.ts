import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { VolumeFile } from '../container-runtime.js';

const BLOCK = 512;
/** An entry of an archive: a directory has no content. */
interface Entry {
  path: string;
  mode: number;
  size: number;
  kind: 'file' | 'directory';
}

/** Returns an archive (POSIX ustar) of files, which is read from them as it is sent. */
export function archiveOf(files: readonly VolumeFile[]): Readable {
  return Readable.from(blocksOf(files), { objectMode: false });
}

/** Returns an archive of nothing but the directory that it is unpacked into, which every user may then write to. */
export function openDirectory(): Buffer {
  return Buffer.concat([header({ path: './', mode: 0o1777, size: 0, kind: 'directory' }), END]);
}

const END = Buffer.alloc(2 * BLOCK);

async function* blocksOf(files: readonly VolumeFile[]): AsyncGenerator<Buffer> {
  const made = new Set<string>();
  for (const { path, source, isExecutable } of files) {
    for (const directory of parentsOf(path).filter((parent) => !made.has(parent))) {
      made.add(directory);
      yield header({ path: `${directory}/`, mode: 0o755, size: 0, kind: 'directory' });
    }
    const { size } = await stat(source);
    yield header({ path, mode: isExecutable ? 0o755 : 0o644, size, kind: 'file' });
    for await (const chunk of createReadStream(source)) yield chunk as Buffer;
    yield Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
  }
  yield END;
}

/** `a/b/c` has the parents `a` and `a/b`. */
function parentsOf(path: string): string[] {
  const names = path.split('/').slice(0, -1);

  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

/** A header block of POSIX.1-1988 (ustar): numbers are octal texts, the check sum counts itself as blanks. */
function header({ path, mode, size, kind }: Entry): Buffer {
  const block = Buffer.alloc(BLOCK);
  if (Buffer.byteLength(path) > 100) throw new Error(`${path} is too long for an archive`);
  block.write(path, 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.write('        ', 148);
  block.write(kind === 'file' ? '0' : '5', 156);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)}\0 `, 148);

  return block;
}

/** A number that fills a field of `width` bytes, its last one a NUL. */
const octal = (value: number, width: number) => value.toString(8).padStart(width - 1, '0');
