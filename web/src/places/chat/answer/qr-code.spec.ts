import { describe, expect, it } from '@jest/globals';
import { qrCode } from './qr-code';

/** As a reader of codes has read it: "Conch 海螺". */
const READ = `
#######...#.#.#######
#.....#.....#.#.....#
#.###.#.#.#...#.###.#
#.###.#.....#.#.###.#
#.###.#..#.##.#.###.#
#.....#..###..#.....#
#######.#.#.#.#######
........#.#..........
###.#####.#.###...#..
##...#.##..#....#.###
.#....#.#..#.##..#.##
.#..#..#.########...#
###...##...#.#.##...#
........##.#...##.##.
#######.##..##.#...##
#.....#.##.##.##...#.
#.###.#.###.....#..#.
#.###.#..##.######.#.
#.###.#.#.....#.##..#
#.....#.########...#.
#######.#.##.##....##`;

describe('QR codes', () => {
  it('are those that readers know', () => {
    const rows = qrCode('Conch 海螺').map((row) => row.map((isDark) => (isDark ? '#' : '.')).join(''));
    expect(`\n${rows.join('\n')}`).toBe(READ);
  });

  it.each([
    [17, 21],
    [18, 25],
    [271, 57],
    [272, 61],
    [858, 97],
  ])('of %i bytes have %i rows and columns', (bytes, size) => {
    const rows = qrCode('x'.repeat(bytes));
    expect(rows.map(({ length }) => length)).toEqual(Array<number>(size).fill(size));
  });

  it('have a limit', () => {
    expect(() => qrCode('x'.repeat(859))).toThrow(RangeError);
  });
});
