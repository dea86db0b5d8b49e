import { VisuallyHidden } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatDuration } from '../../../ui/format';
import { useAnswerStatus } from './live-answer';

const REPEAT_MS = 30_000;

/** Says in sentences how an answer is doing, for readers who do not see it. Its words are never spoken by themselves. */
export function Announcer() {
  const { t } = useTranslation('chat');
  const { phase, isRunning } = useAnswerStatus();
  const [wasRunning, setWasRunning] = useState(false);
  if (isRunning && !wasRunning) setWasRunning(true);
  const elapsed = useElapsed(isRunning);

  return (
    <VisuallyHidden role="status" aria-live="polite">
      {wasRunning && phase !== null && (
        <span>
          {elapsed > 0 && isRunning ? t('announce.working', { time: formatDuration(elapsed) }) : t(`announce.${phase}`)}
        </span>
      )}
    </VisuallyHidden>
  );
}

/** Whole steps of 30 s since an answer began. */
function useElapsed(isRunning: boolean): number {
  const [elapsed, setElapsed] = useState(0);
  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setInterval(() => setElapsed((before) => before + REPEAT_MS), REPEAT_MS);

    return () => {
      clearInterval(timer);
      setElapsed(0);
    };
  }, [isRunning]);

  return elapsed;
}
