import { IntField } from './fields.js';

/** `?page=&limit=` of every list. */
export class PageQuery {
  @IntField({ min: 1, max: 1_000_000, optional: true, query: true, description: 'From 1', default: 1 })
  page: number = 1;

  @IntField({ min: 1, max: 100, optional: true, query: true, default: 20 })
  limit: number = 20;
}

export interface Page<T> {
  total: number;
  items: T[];
}

export const offsetOf = (query: PageQuery) => (query.page - 1) * query.limit;
