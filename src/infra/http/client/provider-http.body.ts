/** Short bodies of replies as texts, within bounds of size and time. */
import type { Readable } from 'node:stream';

export interface BodyLimits {
  maxBytes: number;
  /** No limit when absent: then whoever destroys the body ends the wait. */
  timeoutMs?: number;
}

export interface BodyText {
  text: string;
  /** False when it was longer or slower than allowed, or broke off. */
  complete: boolean;
}

/** Never throws: what arrived is what there is to show. Leaves an incomplete body unread; the caller destroys it. */
export function readText(body: Readable, limits: BodyLimits): Promise<BodyText> {
  const chunks: Buffer[] = [];
  let size = 0;

  return new Promise((resolve) => {
    const settle = (complete: boolean) => {
      clearTimeout(timer);
      body.off('data', onData).off('end', onEnd).off('close', onClose);
      body.pause();
      const bytes = Buffer.concat(chunks).subarray(0, limits.maxBytes);
      resolve({ text: bytes.toString('utf8'), complete });
    };
    const onData = (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > limits.maxBytes) settle(false);
    };
    const onEnd = () => settle(true);
    const onClose = () => settle(body.readableEnded);
    const timer = limits.timeoutMs === undefined ? undefined : setTimeout(() => settle(false), limits.timeoutMs);
    body.on('data', onData).on('end', onEnd).on('close', onClose);
    // A body that is over already emits nothing any more.
    if (body.closed) onClose();
  });
}
