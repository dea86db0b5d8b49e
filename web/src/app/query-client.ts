import { QueryClient } from '@tanstack/react-query';
import { ApiProblem } from '../api/api-problem';

const MAX_RETRIES = 2;
const FIRST_PAUSE_MS = 500;

/** What was read is shown at once and read again when a place is opened; live events keep it true in between. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      gcTime: 30 * 60_000,
      // A refused request stays refused; a server that is away or busy is asked again.
      retry: (failures, error) => failures < MAX_RETRIES && !(error instanceof ApiProblem && !error.isTemporary),
      retryDelay: (failures, error) => Math.max(FIRST_PAUSE_MS * 2 ** failures, pauseAskedFor(error)),
    },
  },
});

const pauseAskedFor = (error: Error) => (error instanceof ApiProblem ? (error.retryAfter ?? 0) * 1000 : 0);
