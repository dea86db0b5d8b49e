/** `leaveUntil`: an app waits for a person; another attempt goes on then, or earlier when it is called. */
export type RunOutcome = 'ended' | 'handover' | { leaveUntil: number };
