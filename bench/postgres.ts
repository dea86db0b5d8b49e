/** The Postgres server that a measured server uses: what it does for it is a part of the cost. */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { programOf } from './measure/proc.js';

/** The process that all processes of a Postgres server descend from; null when it runs on another machine. */
export async function postmasterOf(url: string): Promise<number | null> {
  const database = new pg.Client(url);
  await database.connect();
  try {
    const { rows } = await database.query<{ pid: number }>('select pg_backend_pid() as pid');
    const pid = rows[0]?.pid ?? 0;
    if (!/^postgres/.test(programOf(pid))) return null;

    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return null;
  } finally {
    await database.end();
  }
}
