import { queryOptions, useQuery } from '@tanstack/react-query';
import { api, bodyOf, type Schemas } from './client';

/** The reader, as the server knows them. */
export type Me = Schemas['UserDto'];

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: () => bodyOf(api.GET('/api/users/me')),
  staleTime: 60_000,
});

/** The reader; null until the server has told. */
export const useMe = (): Me | null => useQuery(meQuery).data ?? null;
