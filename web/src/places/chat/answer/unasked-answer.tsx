import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { answerStream } from '../../../stream/answer/answer-stream';
import { showProblem } from '../../../ui/problems/show-problem';
import { startAnswer } from '../data/turn-calls';
import classes from './answer.module.css';

/** An answer that waits to be asked for: another client has stored the question, and left it at that. */
export function UnaskedAnswer({ taskId, question }: { taskId: number; question: string }) {
  const { t } = useTranslation('chat');
  const start = useMutation({
    mutationFn: () => startAnswer(taskId),
    onSuccess: (response) => answerStream(taskId).begin(response, question),
    onError: (error) => showProblem(error),
  });

  return (
    <article className={classes['answer']} aria-label={t('answer')}>
      <p className={classes['waiting']}>{t('unasked.text')}</p>
      <Button size="xs" loading={start.isPending} onClick={() => start.mutate()}>
        {t('unasked.start')}
      </Button>
    </article>
  );
}
