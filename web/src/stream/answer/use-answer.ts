import { useEffect, useSyncExternalStore } from 'react';
import { type AnswerView, NOTHING_ASKED } from './answer-follower';
import { answerStream } from './answer-stream';

export interface Answer extends AnswerView {
  /** Stops the answer. @throws ApiProblem when the server could not be told */
  stop: () => Promise<void>;
  /** Opens the stream of the newest answer, for instance of another version that was just asked for. */
  attach: () => void;
}

const subscribeToNothing = () => () => undefined;

/**
 * The newest answer of a task, live while the component is shown. Its state is there at once when it was shown before.
 * @param isUnderWay the task's row says that it is to be attached to: it runs or waits, or its end is worth its details
 */
export function useAnswer(taskId: number | null, isUnderWay: boolean): Answer {
  const stream = taskId === null ? null : answerStream(taskId);
  const view = useSyncExternalStore(stream?.subscribe ?? subscribeToNothing, stream?.current ?? (() => NOTHING_ASKED));

  useEffect(() => {
    if (taskId === null) return;
    const shown = answerStream(taskId);
    shown.retain();

    return () => shown.release();
  }, [taskId]);

  useEffect(() => {
    if (taskId !== null && isUnderWay) answerStream(taskId).attach();
  }, [taskId, isUnderWay]);

  return {
    ...view,
    stop: () => (stream ? stream.stop() : Promise.resolve()),
    attach: () => stream?.attach(),
  };
}
