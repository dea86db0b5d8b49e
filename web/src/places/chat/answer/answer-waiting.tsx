import { Loader } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AnswerState } from '../../../stream/answer/answer-state';
import { formatSeconds } from '../../../ui/format';
import { Diagnosis } from './diagnosis';
import { useNow } from '../../../ui/use-now';
import { useThread } from '../thread/thread-context';
import classes from './answer.module.css';

/** Silence of so many ms gets words, then a way to ask why. */
const SLOW_MS = 8_000;
const STUCK_MS = 30_000;

interface Props {
  state: AnswerState;
  /** Null for readers who may not ask why it waits. */
  taskId: number | null;
}

/** What an answer that has no text to show is doing. */
export function AnswerWaiting({ state, taskId }: Props) {
  const { t } = useTranslation('chat');
  const { phase, position } = state;
  if (phase === 'stopping') {
    return (
      <p className={classes['waiting']}>
        <Loader size={14} aria-hidden /> {t('state.stopping')}
      </p>
    );
  }
  if (phase === 'queued') {
    const ahead = Math.max(0, (position ?? 1) - 1);

    return (
      <p className={classes['waiting']}>
        <Dots /> {ahead === 0 ? t('state.next') : t('state.queued', { count: ahead })}
      </p>
    );
  }

  return <Silence key={state.lastEventAt ?? 0} state={state} taskId={taskId} />;
}

/** Three calm dots; later what is waited for, and why. It begins anew with each event. */
function Silence({ state, taskId }: Props) {
  const { t } = useTranslation('chat');
  const now = useNow(1000);
  const [shownAt] = useState(() => Date.now());
  const isOnExecutor = useThread().team?.supports_direct_chat === false;
  const silentMs = Math.max(0, now - (state.lastEventAt ?? shownAt));
  const isSlow = silentMs >= SLOW_MS;
  if (hasBegun(state) && !isSlow) return null;
  const time = formatSeconds(Math.floor(silentMs / 1000));
  const first = state.parts.at(-1)?.model ?? (isOnExecutor ? t('state.begun') : null);

  return (
    <div className={classes['silence']}>
      <p className={classes['waiting']}>
        <Dots />
        {isSlow ? t(`state.${slowWords(state, isOnExecutor)}`, { time }) : first}
      </p>
      {silentMs >= STUCK_MS && taskId !== null && <Diagnosis taskId={taskId} />}
    </div>
  );
}

const hasBegun = ({ phase }: AnswerState) => phase === 'writing' || phase === 'reasoning';

/** What a silence is about. */
function slowWords(state: AnswerState, isOnExecutor: boolean): 'silent' | 'slow' | 'executor' | 'preparing' {
  if (hasBegun(state) || state.steps.length > 0) return 'silent';
  if (!isOnExecutor) return 'slow';

  return state.phase === 'sent' ? 'executor' : 'preparing';
}

function Dots() {
  return (
    <span className={classes['dots']} aria-hidden>
      <span />
      <span />
      <span />
    </span>
  );
}
