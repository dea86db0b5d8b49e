/** Bytes of UTF-8 that a question may have. */
export const MAX_PROMPT_BYTES = 60_000;

const encoder = new TextEncoder();

/** How many bytes a question has too many; 0 when it fits. A short one is not even encoded. */
export function bytesOver(text: string): number {
  if (text.length * 3 <= MAX_PROMPT_BYTES) return 0;

  return Math.max(0, encoder.encode(text).length - MAX_PROMPT_BYTES);
}
