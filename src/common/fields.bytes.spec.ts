import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { ObjectField } from './fields.js';

class Body {
  @ObjectField({ maxBytes: 20 })
  value!: object;
}

describe('an object of limited size', () => {
  it.each([
    [{ a: 'x'.repeat(12) }, true],
    [{ a: 'x'.repeat(13) }, false],
    [{ a: 'é'.repeat(7) }, false],
  ])('%j: %s', (value, isValid) => {
    expect(validateSync(plainToInstance(Body, { value }))).toHaveLength(isValid ? 0 : 1);
  });
});
