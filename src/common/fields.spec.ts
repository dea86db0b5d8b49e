import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import {
  BoolField,
  EnumField,
  IdField,
  IntField,
  NestedListField,
  NULL_AS_MISSING,
  NumberField,
  ObjectField,
  TextField,
  TextListField,
} from './fields.js';

class Item {
  @IdField()
  id!: number;
}

class Sample {
  @TextField({ max: 5, pattern: /^[a-z]*$/, patternMessage: 'may hold small letters' })
  text!: string;

  @TextField({ max: 5, optional: true, nullable: true })
  loose?: string | null;

  @TextField({ max: 5, optional: true })
  strict?: string;

  @IntField({ optional: true, min: 1, max: 9 })
  int?: number;

  @IntField({ optional: true, query: true })
  queryInt?: number;

  @NumberField({ optional: true, min: 0, max: 1 })
  number?: number;

  @BoolField({ optional: true, query: true })
  flag?: boolean;

  @EnumField(['a', 'b'], { optional: true })
  choice?: string;

  @ObjectField({ optional: true })
  object?: object;

  @TextListField({ optional: true, max: 3, maxItems: 2 })
  texts?: string[];

  @NestedListField(() => Item, { optional: true, minItems: 1, maxItems: 2 })
  items?: Item[];
}

function problems(value: object): string[] {
  return validateSync(plainToInstance(Sample, { text: 'ok', ...value }), {
    whitelist: true,
    forbidNonWhitelisted: true,
  }).map(({ property }) => property);
}

describe('field decorators', () => {
  it('leave out the null of an optional field where callers ask for it, but not that of a nullable one', () => {
    const given = { text: 'ok', loose: null, strict: null, int: null, items: null, object: null };
    const sample = plainToInstance(Sample, given, { groups: [NULL_AS_MISSING] });

    expect(JSON.parse(JSON.stringify(sample))).toEqual({ text: 'ok', loose: null });
    expect(problems(given)).toEqual(['strict', 'int', 'object', 'items']);
  });

  it.each([
    { text: 'abcde', loose: null, strict: 'x', int: 9, number: 0.5, choice: 'b' },
    { object: { any: { thing: 1 } }, texts: ['a', 'abc'], items: [{ id: 1 }, { id: 2_147_483_647 }] },
    { queryInt: '-5', flag: 'false' },
    { loose: undefined },
  ])('accept %j', (value) => {
    expect(problems(value)).toEqual([]);
  });

  it.each<[string, object]>([
    ['text', { text: undefined }],
    ['text', { text: null }],
    ['text', { text: '' }],
    ['text', { text: 'abcdef' }],
    ['text', { text: 'ABC' }],
    ['text', { text: ['a'] }],
    ['loose', { loose: '' }],
    ['strict', { strict: null }],
    ['int', { int: 10 }],
    ['int', { int: '5' }],
    ['int', { int: 1.5 }],
    ['queryInt', { queryInt: '' }],
    ['queryInt', { queryInt: 'x' }],
    ['queryInt', { queryInt: ['1', '2'] }],
    ['queryInt', { queryInt: '2147483648' }],
    ['number', { number: Number.NaN }],
    ['flag', { flag: 'maybe' }],
    ['choice', { choice: 'c' }],
    ['object', { object: [] }],
    ['object', { object: null }],
    ['texts', { texts: ['a', 'b', 'c'] }],
    ['texts', { texts: [''] }],
    ['texts', { texts: 'a' }],
    ['items', { items: [] }],
    ['items', { items: [{ id: 0 }] }],
    ['items', { items: [[{ id: 1 }]] }],
    ['items', { items: [null] }],
    ['unknown', { unknown: 1 }],
  ])('refuse a wrong %s: %j', (property, value) => {
    expect(problems(value)).toEqual([property]);
  });

  it('convert what a query string brings', () => {
    expect(plainToInstance(Sample, { queryInt: '7', flag: '0' })).toMatchObject({ queryInt: 7, flag: false });
  });

  it('describe themselves to Swagger', () => {
    const shown = (property: string) =>
      Reflect.getMetadata('swagger/apiModelProperties', Sample.prototype, property) as object;

    expect(shown('text')).toMatchObject({
      type: String,
      minLength: 1,
      maxLength: 5,
      pattern: '^[a-z]*$',
      required: true,
    });
    expect(shown('loose')).toMatchObject({ nullable: true, required: false });
    expect(shown('choice')).toMatchObject({ enum: ['a', 'b'] });
  });
});
