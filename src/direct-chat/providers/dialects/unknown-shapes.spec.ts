import { describe, expect, it } from '@jest/globals';
import { shapeOf } from './unknown-shapes.js';

describe('shapeOf', () => {
  it('has names and kinds, and no value', () => {
    const value = { delta: { words: 'secret', n: 1, none: null }, list: [{ a: 'secret' }], empty: [] };
    expect(shapeOf(value)).toBe('{delta: {words: text, n: number, none: null}, list: [{a: text}], empty: []}');
  });

  it('cuts names, many fields and depth', () => {
    expect(shapeOf({ ['x y\n'.repeat(30)]: 1 })).toBe(`{${'x?y?'.repeat(10)}: number}`);
    expect(shapeOf(Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, 1])))).not.toContain('f12');
    expect(shapeOf({ a: { b: { c: { d: { e: 'x' } } } } })).toBe('{a: {b: {c: {d: {}}}}}');
  });
});
