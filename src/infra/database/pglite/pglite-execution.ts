/** Type, length and the two empty names or counts around them: what a message has besides names and values. */
const BIND_BYTES = 1 + 4 + 1 + 1 + 2 + 2 + 2;
const LENGTH_BYTES = 4;
const NULL_LENGTH = -1;
/** `Execute` of the unnamed portal without a limit of rows, and `Sync`. */
const EXECUTE_AND_SYNC = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0x53, 0, 0, 0, 4]);
const BIND = 0x42;

/**
 * The messages that run a prepared statement: `Bind` to the unnamed portal, `Execute`, `Sync`, all values and results
 * as text (PostgreSQL documentation, 55.7).
 *
 * PGlite's serializer writes texts character by character: an answer of 8 MB held the event loop for a quarter of a
 * second, here it takes some milliseconds.
 */
export function execution(statement: string, values: readonly (string | null)[]): Buffer {
  const lengths = values.map((value) => (value === null ? NULL_LENGTH : Buffer.byteLength(value)));
  const size =
    BIND_BYTES +
    Buffer.byteLength(statement) +
    lengths.reduce((sum, length) => sum + LENGTH_BYTES + Math.max(0, length), 0);
  const message = Buffer.allocUnsafe(size + EXECUTE_AND_SYNC.length);
  let at = message.writeUInt8(BIND);
  at = message.writeInt32BE(size - 1, at);
  at = message.writeUInt8(0, at);
  at += message.write(statement, at);
  at = message.writeUInt8(0, at);
  at = message.writeInt16BE(0, at);
  at = message.writeUInt16BE(values.length, at);
  for (const [index, value] of values.entries()) {
    at = message.writeInt32BE(lengths[index] ?? NULL_LENGTH, at);
    if (value !== null) at += message.write(value, at);
  }
  at = message.writeInt16BE(0, at);
  EXECUTE_AND_SYNC.copy(message, at);

  return message;
}
