import { IntField } from './fields.js';

/** Reply of calls that have nothing else to say. */
export class MessageDto {
  message!: string;
}

/** `?page=&limit=` of every list. */
export class PageQuery {
  /** From 1 */
  @IntField({ min: 1, max: 1_000_000, optional: true, query: true })
  page: number = 1;

  @IntField({ min: 1, max: 100, optional: true, query: true })
  limit: number = 20;
}

export interface Page<T> {
  total: number;
  items: T[];
}

export const offsetOf = (query: PageQuery) => (query.page - 1) * query.limit;
