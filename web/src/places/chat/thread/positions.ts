import type { CacheSnapshot } from 'virtua';

/** Where the reader was in a conversation. */
export interface Position {
  offset: number;
  isFollowing: boolean;
  /** Heights of the turns, as long as their number is the same. */
  cache: CacheSnapshot;
  count: number;
}

const MAX_KEPT = 50;
const positions = new Map<number, Position>();

/** Where the reader left a conversation on this page. */
export const positionOf = (taskId: number): Position | null => positions.get(taskId) ?? null;

/** Keeps where the reader is. */
export function keepPosition(taskId: number, position: Position): void {
  positions.delete(taskId);
  positions.set(taskId, position);
  const [oldest] = positions.keys();
  if (positions.size > MAX_KEPT && oldest !== undefined) positions.delete(oldest);
}
