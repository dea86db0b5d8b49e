import { describe, expect, it } from '@jest/globals';
import { readEventData } from './event-json.js';

const objects = (data: string) => readEventData(data).objects;

describe('the data of an event', () => {
  it('is one object as a rule', () => {
    expect(readEventData('{"a":[1,{"b":null}]}')).toEqual({ objects: [{ a: [1, { b: null }] }], unreadable: null });
    expect(objects('{\n"a":\n1}')).toEqual([{ a: 1 }]);
  });

  it.each([': keep-alive', ':', ': ping - 2026-11-30 10:00:00', '', '  ', '[DONE]', '1700000000', '"tick"', 'null'])(
    'holds none in %j, which passes',
    (data) => expect(readEventData(data)).toEqual({ objects: [], unreadable: null }),
  );

  it('may stand behind a second field name, or beside another event', () => {
    expect(objects('data: {"a":1}')).toEqual([{ a: 1 }]);
    expect(objects('data:data: {"a":1}')).toEqual([{ a: 1 }]);
    expect(objects('{"a":1}\n{"b":2}\n: x\nevent: message\n{"c":3}')).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }]);
  });

  it('may hold numbers that JSON does not know, and the same words in texts', () => {
    expect(objects('{"score":NaN,"list":[-Infinity, Infinity],"text":"NaN, [NaN] and \\"Infinity\\":NaN,"}')).toEqual([
      { score: null, list: [null, null], text: 'NaN, [NaN] and "Infinity":NaN,' },
    ]);
  });

  it('names what cannot be read, and reads the rest', () => {
    expect(readEventData('Internal Server Error')).toEqual({ objects: [], unreadable: 'Internal Server Error' });
    expect(readEventData('{"a":1}\n{"b":\nupstream gone')).toEqual({ objects: [{ a: 1 }], unreadable: '{"b":' });
  });
});
