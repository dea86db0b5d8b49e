import { createContext, type ReactNode, useContext, useMemo } from 'react';
import type { AnswerPhase } from '../../../stream/answer-state';
import { answerStream } from '../../../stream/answer-stream';
import { type Answer, useAnswer } from '../../../stream/use-answer';

/** What the composer and the thread need of the answer; it changes seldom, other than the text. */
export interface AnswerStatus {
  phase: AnswerPhase | null;
  isRunning: boolean;
  connection: Answer['connection']['status'];
  stop: () => Promise<void>;
  attach: () => void;
}

const LiveAnswerContext = createContext<Answer | null>(null);
const AnswerStatusContext = createContext<AnswerStatus | null>(null);

const ENDED: readonly AnswerPhase[] = ['done', 'failed', 'cancelled'];

interface Props {
  taskId: number | null;
  /** Whether the rows of the task say that an answer is to come. */
  isUnderWay: boolean;
  children: ReactNode;
}

/** Follows the newest answer of the task. Only what shows its text is drawn again with each piece. */
export function LiveAnswerProvider({ taskId, isUnderWay, children }: Props) {
  const answer = useAnswer(taskId, isUnderWay);
  const phase = answer.state?.phase ?? null;
  const connection = answer.connection.status;
  const isRunning = phase === null ? isUnderWay : !ENDED.includes(phase);
  const status = useMemo(() => {
    const stream = taskId === null ? null : answerStream(taskId);

    return {
      phase,
      isRunning,
      connection,
      stop: () => stream?.stop() ?? Promise.resolve(),
      attach: () => stream?.attach(),
    };
  }, [phase, isRunning, connection, taskId]);

  return (
    <AnswerStatusContext value={status}>
      <LiveAnswerContext value={answer}>{children}</LiveAnswerContext>
    </AnswerStatusContext>
  );
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
