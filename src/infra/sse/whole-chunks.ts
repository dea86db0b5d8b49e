import type { ServerResponse } from 'node:http';

type Write = (chunk: string, encoding: BufferEncoding, callback?: (error?: Error | null) => void) => boolean;

/**
 * Makes a response write each text as one piece. Node writes a chunk of a body of unknown length in four pieces, each
 * with an allocation of its own: size, line end, text, line end (RFC 9112, 7.1). With one event a chunk that was most of
 * the cost of a token: bench/README.md has the figures.
 */
export function writeWholeChunks(response: ServerResponse): void {
  const write = response.write.bind(response) as Write;
  const writeWhole: Write = (text, encoding, callback) => {
    if (!response.headersSent || !response.chunkedEncoding || text === '') return write(text, encoding, callback);
    response.chunkedEncoding = false;
    try {
      return write(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`, 'utf8', callback);
    } finally {
      response.chunkedEncoding = true;
    }
  };
  response.write = writeWhole as ServerResponse['write'];
}
