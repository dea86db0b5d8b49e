/** QR codes by ISO/IEC 18004: byte mode, error correction of level L, mask 0. Any reader knows what was chosen. */

/** Of each block of a version, from version 1. */
const CHECK_CODEWORDS = [7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28];
const BLOCKS = [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8];
/** Level L and mask 0, with their error correction. */
const FORMAT = 0b111011111000100;
const VERSION_GENERATOR = 0x1f25;
const FIELD_POLYNOMIAL = 0x11d;
const PADDING = [0xec, 0x11];

/** The modules of a code, true for a dark one; those that are set belong to its frame, or to the data so far. */
type Modules = (boolean | undefined)[][];

/** Returns the rows of a code. @throws RangeError for a text of more than 858 bytes */
export function qrCode(text: string): boolean[][] {
  const bytes = new TextEncoder().encode(text);
  for (let version = 1; version <= BLOCKS.length; version += 1) {
    const modules = frameOf(version);
    const codewords = Math.floor(modules.flat().filter((module) => module === undefined).length / 8);
    const capacity = codewords - checkCodewords(version) * blocksOf(version);
    if (bytes.length + (version < 10 ? 2 : 3) > capacity) continue;
    place(modules, withChecks(dataOf(bytes, version, capacity), version, codewords));

    return modules.map((row) => row.map(Boolean));
  }
  throw new RangeError('The text is too long for a QR code');
}

const checkCodewords = (version: number) => CHECK_CODEWORDS[version - 1] ?? 0;
const blocksOf = (version: number) => BLOCKS[version - 1] ?? 1;
const bitsOf = (value: number, count: number) =>
  Array.from({ length: count }, (_, index) => (value >> (count - 1 - index)) & 1);

/** The data with its length, padded. */
function dataOf(bytes: Uint8Array, version: number, capacity: number): number[] {
  const head = [...bitsOf(0b0100, 4), ...bitsOf(bytes.length, version < 10 ? 8 : 16)];
  const bits = [...head, ...[...bytes].flatMap((byte) => bitsOf(byte, 8)), 0, 0, 0, 0];
  const data: number[] = [];
  for (let at = 0; at < bits.length; at += 8)
    data.push(bits.slice(at, at + 8).reduce((byte, bit) => byte * 2 + bit, 0));
  for (let index = 0; data.length < capacity; index += 1) data.push(PADDING[index % 2] ?? 0);

  return data;
}

/** The codewords of all blocks by turns: first the data, then the checks. Later blocks may have one more. */
function withChecks(data: readonly number[], version: number, codewords: number): number[] {
  const [count, checks] = [blocksOf(version), checkCodewords(version)];
  const shorter = Math.floor(codewords / count) - checks;
  const firstLonger = count - (codewords % count);
  const blocks: number[][] = [];
  for (let index = 0, at = 0; index < count; index += 1) {
    const length = shorter + (index >= firstLonger ? 1 : 0);
    blocks.push(data.slice(at, at + length));
    at += length;
  }

  return [...byTurns(blocks), ...byTurns(blocks.map((block) => checksOf(block, checks)))];
}

const byTurns = (blocks: readonly number[][]) =>
  Array.from({ length: Math.max(...blocks.map(({ length }) => length)) }, (_, index) =>
    blocks.flatMap((block) => block[index] ?? []),
  ).flat();

/** Product in the field of 256 elements. */
function times(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1)
    product = (product << 1) ^ ((product >> 7) * FIELD_POLYNOMIAL) ^ (((b >> bit) & 1) * a);

  return product;
}

/** Remainder of the data by the generator of Reed and Solomon. */
function checksOf(data: readonly number[], count: number): number[] {
  let generator = [1];
  for (let index = 0, root = 1; index < count; index += 1, root = times(root, 2))
    generator = [...generator, 0].map((factor, at) => factor ^ times(generator[at - 1] ?? 0, root));
  const rest = [...data, ...Array<number>(count).fill(0)];
  for (let at = 0; at < data.length; at += 1) {
    const factor = rest[at] ?? 0;
    generator.forEach((value, index) => (rest[at + index] = (rest[at + index] ?? 0) ^ times(value, factor)));
  }

  return rest.slice(data.length);
}

/** Everything but the data. */
function frameOf(version: number): Modules {
  const size = 17 + 4 * version;
  const modules: Modules = Array.from({ length: size }, () => Array<boolean | undefined>(size).fill(undefined));
  const set = (x: number, y: number, isDark: boolean) => {
    const row = modules[y];
    if (row && x >= 0 && x < size) row[x] = isDark;
  };
  for (let at = 0; at < size; at += 1) {
    set(6, at, at % 2 === 0);
    set(at, 6, at % 2 === 0);
  }
  for (const [x, y] of alignments(version, size)) square(x, y, 2, (ring) => ring !== 1, set);
  for (const [x, y] of finders(size)) square(x, y, 4, (ring) => ring !== 2 && ring !== 4, set);
  for (let bit = 0; bit < 15; bit += 1) {
    const isDark = ((FORMAT >> bit) & 1) === 1;
    const near = bit < 6 ? bit : bit + 1;
    if (bit < 8) {
      set(8, near, isDark);
      set(size - 1 - bit, 8, isDark);
    } else {
      set(bit === 8 ? 7 : 14 - bit, 8, isDark);
      set(8, size - 15 + bit, isDark);
    }
  }
  set(8, size - 8, true);
  if (version >= 7)
    versionBits(version).forEach((isDark, bit) => {
      const [far, near] = [size - 11 + (bit % 3), Math.floor(bit / 3)];
      set(far, near, isDark);
      set(near, far, isDark);
    });

  return modules;
}

const finders = (size: number) =>
  [
    [3, 3],
    [size - 4, 3],
    [3, size - 4],
  ] as const;

/** Centres of the small squares, those under the large ones left out. */
function alignments(version: number, size: number): (readonly [number, number])[] {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = Math.ceil((4 * version + 4) / (2 * count - 2)) * 2;
  const places = [6, ...Array.from({ length: count - 1 }, (_, index) => size - 7 - (count - 2 - index) * step)];
  const last = size - 7;
  const isFinder = (x: number, y: number) => (x === 6 && (y === 6 || y === last)) || (x === last && y === 6);

  return places.flatMap((x) => places.filter((y) => !isFinder(x, y)).map((y) => [x, y] as const));
}

/** Concentric rings around a centre. */
function square(
  x: number,
  y: number,
  radius: number,
  isDark: (ring: number) => boolean,
  set: (x: number, y: number, isDark: boolean) => void,
): void {
  for (let dy = -radius; dy <= radius; dy += 1)
    for (let dx = -radius; dx <= radius; dx += 1) set(x + dx, y + dy, isDark(Math.max(Math.abs(dx), Math.abs(dy))));
}

/** The version with its error correction, lowest bit first. */
function versionBits(version: number): boolean[] {
  let rest = version;
  for (let bit = 0; bit < 12; bit += 1) rest = (rest << 1) ^ ((rest >> 11) * VERSION_GENERATOR);
  const bits = (version << 12) | rest;

  return Array.from({ length: 18 }, (_, bit) => ((bits >> bit) & 1) === 1);
}

/** Writes the codewords into what the frame has left free: two columns at a time, up and down by turns. */
function place(modules: Modules, codewords: readonly number[]): void {
  const bits = codewords.flatMap((codeword) => bitsOf(codeword, 8));
  const { length: size } = modules;
  let [at, isUp] = [0, true];
  for (let right = size - 1; right > 0; right -= right === 8 ? 3 : 2) {
    for (let index = 0; index < size; index += 1) {
      const y = isUp ? size - 1 - index : index;
      const row = modules[y] ?? [];
      for (const x of [right, right - 1]) {
        if (row[x] !== undefined) continue;
        row[x] = (bits[at] === 1) !== ((x + y) % 2 === 0);
        at += 1;
      }
    }
    isUp = !isUp;
  }
}
