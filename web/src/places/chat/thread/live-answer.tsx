import { createContext, type ReactNode, useContext, useMemo } from 'react';
import { type AnswerPhase, hasEnded } from '../../../stream/answer/answer-state';
import { answerStream } from '../../../stream/answer/answer-stream';
import { isRunning as isTaskRunning } from '../../../stream/tasks/live-tasks';
import { type Answer, useAnswer } from '../../../stream/answer/use-answer';
import { showProblem } from '../../../ui/problems/show-problem';

/** What the composer and the thread need of the answer; it changes seldom, other than the text. */
export interface AnswerStatus {
  phase: AnswerPhase | null;
  isRunning: boolean;
  connection: Answer['connection']['status'];
  /** Stops the answer; a refusal is shown. */
  stop: () => Promise<void>;
}

const LiveAnswerContext = createContext<Answer | null>(null);
const AnswerStatusContext = createContext<AnswerStatus | null>(null);

interface TaskRow {
  id: number;
  status: string;
  updated_at: string;
}

interface Props {
  taskId: number | null;
  /** Null while it is not known. */
  task: TaskRow | null;
  children: ReactNode;
}

/** The stream of an answer that has ended is read for what its rows do not have: the proof, the code, the times. */
const DETAILS_MS = 30 * 60_000;

/**
 * Follows the newest answer of the task; the rows tell of one without a stream. Only what shows its text is drawn again
 * with each piece.
 */
export function LiveAnswerProvider({ taskId, task, children }: Props) {
  const isUnderWay = task !== null && isTaskRunning(task);
  const answer = useAnswer(taskId, task !== null && (isUnderWay || isRecent(task)));
  const phase = answer.state?.phase ?? null;
  const connection = answer.connection.status;
  const isRunning = answer.state ? !hasEnded(answer.state) : isUnderWay;
  const status = useMemo(
    () => ({ phase, isRunning, connection, stop: () => stopAnswer(taskId) }),
    [phase, isRunning, connection, taskId],
  );

  return (
    <AnswerStatusContext value={status}>
      <LiveAnswerContext value={answer}>{children}</LiveAnswerContext>
    </AnswerStatusContext>
  );
}

const isRecent = (task: TaskRow) => Date.now() - new Date(task.updated_at).getTime() < DETAILS_MS;

async function stopAnswer(taskId: number | null): Promise<void> {
  if (taskId === null) return;
  try {
    await answerStream(taskId).stop();
  } catch (error) {
    showProblem(error);
  }
}

/** The newest answer with its text. */
export function useLiveAnswer(): Answer {
  const answer = useContext(LiveAnswerContext);
  if (!answer) throw new Error('useLiveAnswer needs a LiveAnswerProvider');

  return answer;
}

/** How the newest answer is doing. */
export function useAnswerStatus(): AnswerStatus {
  const status = useContext(AnswerStatusContext);
  if (!status) throw new Error('useAnswerStatus needs a LiveAnswerProvider');

  return status;
}
