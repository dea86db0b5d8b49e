import { Button, CloseButton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { showProblem } from '../../../ui/problems/show-problem';
import type { FollowUp } from '../data/turn-calls';
import type { FollowUpsValue } from './use-follow-ups';
import classes from './composer.module.css';

interface Props {
  followUps: FollowUpsValue;
  /** Gives the words of a question back. */
  onTakenBack: (prompt: string) => void;
}

/** Questions that wait; each can be taken back. */
export function FollowUpList({ followUps, onTakenBack }: Props) {
  const { t } = useTranslation('chat');
  const { items, paused } = followUps;
  if (items.length === 0) return null;
  const remove = async (item: FollowUp) => {
    try {
      await followUps.remove(item);
      onTakenBack(item.prompt);
    } catch (error) {
      showProblem(error);
    }
  };

  return (
    <section className={classes['queue']} aria-label={t('followUps.label')}>
      {paused && (
        <div className={classes['paused']}>
          <span>{paused.message ?? t(`followUps.paused.${paused.reason}`)}</span>
          <Button variant="subtle" size="compact-xs" onClick={() => void followUps.resume().catch(showProblem)}>
            {t('followUps.resume')}
          </Button>
        </div>
      )}
      <ol>
        {items.map((item) => (
          <li key={item.id}>
            <span>{item.prompt}</span>
            <CloseButton
              size="sm"
              aria-label={t('followUps.takeBack')}
              title={t('followUps.takeBack')}
              onClick={() => void remove(item)}
            />
          </li>
        ))}
      </ol>
    </section>
  );
}
