import { describe, expect, it } from '@jest/globals';
import { readPageSearch, withoutEmpty } from './page-search';

describe('readPageSearch', () => {
  it('keeps what a place understands', () => {
    expect(readPageSearch({ q: 'sea', status: 'FAILED', page: 2, team: '5', open: 7, other: 'x' })).toEqual({
      q: 'sea',
      status: 'FAILED',
      page: 2,
      team: 5,
      open: '7',
    });
  });

  it.each([{ page: 0 }, { page: -1 }, { page: 'two' }, { team: 1.5 }, { q: '' }, { q: { a: 1 } }])(
    'leaves out %j',
    (search) => expect(readPageSearch(search)).toEqual({}),
  );
});

describe('withoutEmpty', () => {
  it('drops what says nothing', () => {
    expect(withoutEmpty({ q: '', status: undefined, page: 1 })).toEqual({ page: 1 });
  });
});
