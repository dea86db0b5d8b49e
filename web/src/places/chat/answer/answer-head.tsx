import { useTranslation } from 'react-i18next';
import classes from './answer.module.css';

interface Props {
  team: string | null;
  model: string | null;
  attempt: number;
}

/** The line above an answer: who answers. */
export function AnswerHead({ team, model, attempt }: Props) {
  const { t } = useTranslation('chat');
  const words = [team, model, attempt > 1 ? t('attempt', { count: attempt }) : null].filter((word) => word !== null);

  return <p className={classes['head']}>{words.join(' · ')}</p>;
}
