import { type QueryKey, useMutation, type UseMutationResult, useQueryClient } from '@tanstack/react-query';
import i18next from 'i18next';
import { showProblem } from './show-problem';

interface Options<Out> {
  /** Keys of what the action changes. */
  refresh?: readonly QueryKey[];
  /** Runs after what changed was read again. */
  onDone?: (out: Out) => void;
  /** The caller shows the failure in place, so no toast appears. */
  isShownInPlace?: boolean;
}

/** A call that changes something: reads again what it has changed, and shows why it failed. */
export function useAction<In = void, Out = unknown>(run: (input: In) => Promise<Out>, options: Options<Out> = {}) {
  const client = useQueryClient();
  const { refresh = [], onDone, isShownInPlace = false } = options;

  const mutation: UseMutationResult<Out, Error, In> = useMutation<Out, Error, In>({
    mutationFn: run,
    onSuccess: async (out) => {
      await Promise.all(refresh.map((queryKey) => client.invalidateQueries({ queryKey })));
      onDone?.(out);
    },
    onError: (error, input) => {
      if (isShownInPlace) return;
      const tryAgain = { label: i18next.t('ui:tryAgain'), run: () => mutation.mutate(input) };
      showProblem(error, tryAgain);
    },
  });

  return mutation;
}
