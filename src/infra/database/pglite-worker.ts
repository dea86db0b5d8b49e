/** The database thread: runs PGlite, whose queries are synchronous WebAssembly, away from the event loop that streams. */
import { PGlite } from '@electric-sql/pglite';
import { parentPort, workerData } from 'node:worker_threads';
import { type PgliteReply, type PgliteRequest, RAW_TYPES } from './pglite-messages.js';

const parsers = Object.fromEntries(RAW_TYPES.map((type) => [type, (value: string) => value]));
const db = await PGlite.create((workerData as { directory: string }).directory);

parentPort?.on('message', (request: PgliteRequest) => {
  void answer(request).then((reply) => parentPort?.postMessage(reply));
});
parentPort?.postMessage({ id: 0 } satisfies PgliteReply);

async function answer({ id, text, params, rowMode }: PgliteRequest): Promise<PgliteReply> {
  try {
    if (text === null) {
      await db.close();

      return { id };
    }
    const { rows, fields, affectedRows } = await db.query(text, params, { rowMode, parsers });

    return { id, result: { rows, fields, ...(affectedRows !== undefined && { affectedRows }) } };
  } catch (error) {
    const { message, code, constraint, detail } = error as Required<PgliteReply>['error'];

    return { id, error: { message, ...(code && { code }), ...(constraint && { constraint }), ...(detail && { detail }) } };
  }
}
