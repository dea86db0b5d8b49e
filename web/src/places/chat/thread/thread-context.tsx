import { createContext, useContext } from 'react';
import type { Team } from '../data/use-teams';
import type { TurnActions } from './use-turn-actions';

/** What the parts of a thread need to know of their conversation. */
export interface ThreadValue {
  taskId: number;
  team: (Pick<Team, 'name' | 'display_name'> & Partial<Pick<Team, 'supports_direct_chat'>>) | null;
  /** The bot that takes the files of the team's app. */
  botId: number | null;
  /** Null for readers who may only look. */
  actions: TurnActions | null;
}

export const ThreadContext = createContext<ThreadValue | null>(null);

/** The conversation that the component is a part of. */
export function useThread(): ThreadValue {
  const value = useContext(ThreadContext);
  if (!value) throw new Error('useThread needs a ThreadContext');

  return value;
}
