import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { IsLowercase, validateSync } from 'class-validator';
import fc from 'fast-check';
import { EnumField, IdField, IntField, NestedListField, ObjectField, TextField } from './fields.js';
import { quickRead } from './quick-read.js';

const optional = true;

class File {
  @TextField({ max: 5 })
  name!: string;
}

class Question {
  @TextField({ max: 5 })
  prompt!: string;

  @IdField({ optional })
  task_id?: number;

  @EnumField(['a', 'b'], { optional, nullable: true })
  kind?: string | null;

  @ObjectField({ optional })
  inputs?: object;

  @NestedListField(() => File, { optional, maxItems: 2 })
  files?: File[];
}

/** As the decorators read it; null when they refuse it. */
function read(body: object): object | null {
  const value = plainToInstance(Question, body);

  return validateSync(value, { whitelist: true, forbidNonWhitelisted: true }).length === 0 ? value : null;
}

const oneOf = (...values: unknown[]) => fc.constantFrom(...values);
/** Mostly left out. */
const rarely = (...values: unknown[]) => fc.option(oneOf(...values), { nil: undefined, freq: 1 });
const bodies = fc
  .record({
    prompt: oneOf('x', 'abcde', '😀', '', 'abcdef', 5, null),
    task_id: rarely(1, 2, 0, '1', 1.5, null),
    kind: rarely('a', 'b', 'c', null),
    inputs: rarely({}, { a: [1] }, [], null, 'x'),
    files: rarely([], [{ name: 'x' }], [{}], null),
    title: rarely('unknown', null),
  })
  .map((body) => JSON.parse(JSON.stringify(body)) as object);

describe('quickRead', () => {
  it('takes the usual body', () => {
    const body = { prompt: 'x', task_id: 7, kind: null, inputs: { city: 'Graz' } };

    expect(quickRead(Question, body, 'refuse')).toBeInstanceOf(Question);
    expect(quickRead(Question, body, 'refuse')).toEqual(body);
  });

  it('leaves unknown fields out, or to the decorators, who refuse them', () => {
    expect(quickRead(Question, { prompt: 'x', other: 1 }, 'drop')).toEqual({ prompt: 'x' });
    expect(quickRead(Question, { prompt: 'x', other: 1 }, 'refuse')).toBeNull();
  });

  it('leaves values that are converted to the decorators', () => {
    expect(quickRead(Question, { prompt: 'x', files: [] }, 'refuse')).toBeNull();
  });

  it('never takes what the decorators refuse, nor makes anything else of it', () => {
    let taken = 0;
    fc.assert(
      fc.property(bodies, (body) => {
        const quick = quickRead(Question, body, 'refuse');
        if (!quick) return;
        taken += 1;
        expect(quick).toEqual(read(body));
      }),
      { numRuns: 2000 },
    );
    expect(taken).toBeGreaterThan(50);
  });

  it('reads nothing that has rules beside those of its fields', () => {
    class Lower {
      @TextField({ max: 5 })
      @IsLowercase()
      name!: string;
    }
    class Child extends Question {
      @IntField()
      age!: number;
    }

    expect(quickRead(Lower, { name: 'x' }, 'refuse')).toBeNull();
    expect(quickRead(Child, { prompt: 'x', age: 1 }, 'refuse')).toBeNull();
  });
});
