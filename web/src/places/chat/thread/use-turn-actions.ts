import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { answerStream } from '../../../stream/answer/answer-stream';
import { showProblem } from '../../../ui/problems/show-problem';
import { chatKeys } from '../data/chat-keys';
import { askVersion, branchOff, chooseVersion } from '../data/turn-calls';
import { useAsk } from '../composer/use-ask';
import type { Team } from '../data/use-teams';

/** What a reader can do with a turn. Refusals are shown; nothing throws. */
export interface TurnActions {
  /** Asks again, as a new version, or another model. @returns whether the server took it */
  retry: (questionId: number, modelId?: string) => Promise<boolean>;
  /** Asks something else in place of a question. */
  edit: (questionId: number, prompt: string) => Promise<boolean>;
  /** Begins another conversation that goes on after this turn. */
  branch: (questionId: number) => Promise<boolean>;
  showVersion: (questionId: number) => Promise<boolean>;
  ask: (prompt: string) => Promise<boolean>;
  goOn: () => Promise<boolean>;
}

export function useTurnActions(taskId: number | null, team: Team | null): TurnActions {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const { t } = useTranslation('chat');
  const ask = useAsk(taskId, team);

  return useMemo(() => {
    const id = taskId ?? 0;
    const refresh = () => queryClient.invalidateQueries({ queryKey: chatKeys.task(id) });
    const attempt = async (action: () => Promise<void>): Promise<boolean> => {
      try {
        await action();

        return true;
      } catch (error) {
        showProblem(error, { label: t('actions.retry'), run: () => void attempt(action) });

        return false;
      }
    };
    const newVersion = (body: Parameters<typeof askVersion>[1]) =>
      attempt(async () => {
        await askVersion(id, body);
        await refresh();
        answerStream(id).attach();
      });

    return {
      retry: (questionId, modelId) => newVersion({ subtask_id: questionId, ...(modelId && { model_id: modelId }) }),
      edit: (questionId, prompt) => newVersion({ subtask_id: questionId, prompt }),
      branch: (questionId) =>
        attempt(async () => {
          const task = await branchOff(id, questionId);
          await navigate({ to: '/chat/$taskId', params: { taskId: String(task.id) } });
        }),
      showVersion: (questionId) =>
        attempt(async () => {
          await chooseVersion(id, questionId);
          await refresh();
        }),
      ask: (prompt) => attempt(() => ask({ prompt })),
      goOn: () => attempt(() => ask({ prompt: t('stop.goOnPrompt') })),
    };
  }, [taskId, queryClient, navigate, ask, t]);
}
