import { Button } from '@mantine/core';
import { IconPlayerStopFilled } from '@tabler/icons-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '../../api/client';
import type { AnswerView as LiveAnswer } from '../../stream/answer/answer-follower';
import { hasEnded } from '../../stream/answer/answer-state';
import { isRunning } from '../../stream/tasks/live-tasks';
import { answerFromSubtasks } from '../../stream/answer/stored-answer';
import { formatDateTime } from '../../ui/format';
import { useAction } from '../../ui/problems/use-action';
import { AnswerView } from '../chat/answer/answer-view';
import { ConnectionBar } from '../chat/answer/connection-bar';
import { type Turn, turnsOf } from '../chat/data/turns';
import { QuestionText } from '../chat/thread/question';
import { ThreadContext } from '../chat/thread/thread-context';
import { newestOf } from '../chat/thread/turn-view';
import styles from './shared.page.module.css';

type Message = Schemas['SharedMessageDto'];

interface Props {
  task: Schemas['SharedTaskDto'];
  answer: LiveAnswer;
  /** Stops the answer. @throws ApiProblem */
  onStop: () => Promise<void>;
}

/** The turns of a shared conversation. Who has the link may look; some links may stop the answer, too. */
export function SharedThread({ task, answer, onStop }: Props) {
  const { t } = useTranslation('shared');
  const turns = useMemo(() => turnsOf(task.messages), [task.messages]);
  const { team_name: name } = task;
  const thread = useMemo(
    () => ({ taskId: 0, team: name === null ? null : { name, display_name: null }, botId: null, actions: null }),
    [name],
  );
  const stop = useAction(onStop);
  const isUnderWay = answer.state ? !hasEnded(answer.state) : isRunning(task);
  const isStopping = answer.state?.phase === 'stopping';

  return (
    <ThreadContext value={thread}>
      <ConnectionBar status={answer.connection.status} />
      <div className={styles.column} role="log" aria-live="off" aria-label={t('thread')}>
        {turns.map((turn, index) => (
          <SharedTurn key={turn.id} turn={turn} answer={index === turns.length - 1 ? answer : null} />
        ))}
        <p className={styles.until}>{t('until', { time: formatDateTime(task.expires_at) })}</p>
      </div>
      {task.access === 'read_and_stop' && isUnderWay && (
        <Button
          className={styles.stop}
          radius="xl"
          leftSection={<IconPlayerStopFilled size={16} aria-hidden />}
          loading={isStopping || stop.isPending}
          onClick={() => stop.mutate()}
        >
          {t('stop')}
        </Button>
      )}
    </ThreadContext>
  );
}

function SharedTurn({ turn, answer }: { turn: Turn<Message>; answer: LiveAnswer | null }) {
  const stored = useMemo(() => answerFromSubtasks(turn.answers), [turn.answers]);
  const state = answer ? newestOf(answer.state, stored, turn) : stored;

  return (
    <section className={styles.turn}>
      <QuestionText text={turn.question.prompt} />
      <AnswerView state={state} rows={[]} questionId={turn.id} isLast={answer !== null} requestId={null} />
    </section>
  );
}
