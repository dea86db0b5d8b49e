import { taskKey } from '../../../stream/query-keys';

/** Keys of what the chat reads. */
export const chatKeys = {
  task: taskKey,
  history: (taskId: number) => ['history', taskId] as const,
  diagnosis: (taskId: number) => ['diagnosis', taskId] as const,
  followUps: (taskId: number) => ['follow-ups', taskId] as const,
  teams: ['teams', 'chat'] as const,
  models: ['models', 'chat'] as const,
  inputs: (teamId: number) => ['input-parameters', teamId] as const,
  me: ['me'] as const,
};
