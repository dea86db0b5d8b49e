import { useQuery } from '@tanstack/react-query';
import { api, bodyOf } from '../api/client';

/** Who reads the page; undefined until it is known. */
export function useMe() {
  const { data } = useQuery({
    queryKey: ['me'],
    queryFn: ({ signal }) => bodyOf(api.GET('/api/users/me', { signal })),
    staleTime: 60_000,
  });

  return data;
}
