import type pg from 'pg';

const NAME = /^\/\* (\w+) \*\//;

/**
 * Has statements that begin with a comment of one word prepared under that name, once per connection, so that the
 * server does not parse and plan them each time. That word stands for one text: what varies must be a parameter, lists
 * included (`isOneOf`). (The embedded database prepares all.)
 */
export function prepareNamed(pool: pg.Pool): void {
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (config: unknown, ...rest: unknown[]) => unknown;
    client.query = ((config: unknown, ...rest: unknown[]) => query(named(config), ...rest)) as typeof client.query;
  });
}

function named(config: unknown): unknown {
  const { text } = (config ?? {}) as { text?: unknown };
  const name = typeof text === 'string' ? NAME.exec(text)?.[1] : undefined;

  return name === undefined ? config : { ...(config as object), name };
}
