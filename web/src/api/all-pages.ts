const LIMIT = 100;

/** Replaces items of a list of which the server has left out the larger parts: all together would be too large. */
export function wholeItems<T>(
  items: readonly T[],
  isOmitted: (item: T) => boolean,
  read: (item: T) => Promise<T>,
): Promise<T[]> {
  return Promise.all(items.map((item) => (isOmitted(item) ? read(item) : item)));
}

/** Reads a whole list page by page, for those that choose from it. */
export async function allPages<T>(
  read: (page: { page: number; limit: number }) => Promise<{ total: number; items: T[] }>,
): Promise<T[]> {
  const first = await read({ page: 1, limit: LIMIT });
  const count = Math.ceil(first.total / LIMIT);
  const others = await Promise.all(
    Array.from({ length: Math.max(0, count - 1) }, (_, index) => read({ page: index + 2, limit: LIMIT })),
  );

  return [first, ...others].flatMap(({ items }) => items);
}
