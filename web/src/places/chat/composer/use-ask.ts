import { useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import type { Schemas } from '../../../api/client';
import { answerStream } from '../../../stream/answer/answer-stream';
import { askQuestion } from '../../../stream/answer/ask-question';
import { readDraft, type Repository, writeDraft } from '../data/memory';
import { storeTask, storeTurn } from '../data/turn-calls';
import type { Team } from '../data/use-teams';

export interface Request {
  prompt: string;
  modelId?: string | null;
  inputs?: Record<string, unknown>;
  files?: Schemas['DifyFileDto'][];
  repository?: Repository;
}

/**
 * Asks a team a question, in this conversation or in a new one that is then opened. Resolves when the server has stored
 * the question. @throws ApiProblem when it was refused
 */
export function useAsk(taskId: number | null, team: Team | null): (request: Request) => Promise<void> {
  const navigate = useNavigate();

  return useCallback(
    async (request: Request) => {
      if (!team) return;
      const askedId = team.supports_direct_chat
        ? await askDirectly(taskId, team, request)
        : await createTask(taskId, team, request);
      if (askedId === taskId) return;
      // The inputs of the app are those of the next question too.
      const { inputs } = readDraft(taskId);
      writeDraft(askedId, { teamId: team.id, modelId: request.modelId ?? null, inputs });
      await navigate({ to: '/chat/$taskId', params: { taskId: String(askedId) } });
    },
    [taskId, team, navigate],
  );
}

async function askDirectly(taskId: number | null, team: Team, request: Request): Promise<number> {
  const { prompt, modelId, inputs, files } = request;
  const asked = await askQuestion({
    teamId: team.id,
    prompt,
    ...(taskId !== null && { taskId }),
    ...(modelId && { modelId }),
    ...(inputs && { inputs }),
    ...(files && { files }),
  });

  return asked.taskId;
}

/** Teams whose bots run on executors: the task waits for one of them. */
async function createTask(taskId: number | null, team: Team, request: Request): Promise<number> {
  const { prompt, modelId, repository = {} } = request;
  const isCode = repository.git_url !== undefined && repository.git_url !== '';
  const body: Schemas['CreateTaskDto'] = {
    prompt,
    team_id: team.id,
    task_type: isCode ? 'code' : 'chat',
    ...(isCode && repository),
    ...(modelId && { model_id: modelId, force_override_bot_model: true }),
  };
  if (taskId === null) return (await storeTask(body)).id;
  await storeTurn(taskId, { prompt });
  answerStream(taskId).attach();

  return taskId;
}
