import { Button } from '@mantine/core';
import { IconPlayerStop } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { AnswerProof } from '../../../../stream/answer/answer-state';
import { formatDuration } from '../../../../ui/format';
import classes from './ends.module.css';

/** That an answer was stopped, and what proves it. */
export function StopReceipt({ proof, onGoOn }: { proof: AnswerProof | null; onGoOn: (() => void) | null }) {
  const { t } = useTranslation('chat');
  const words = [t('stop.stopped')];
  if (proof?.while === 'queued') words.push(t('stop.queued'));
  if (proof?.provider_closed_ms !== undefined) {
    words.push(t('stop.closed', { time: formatDuration(proof.provider_closed_ms) }));
  }
  if (proof?.dify_stop) words.push(t(`stop.dify.${proof.dify_stop}`));
  if (proof?.executor_acked) words.push(t('stop.executor'));

  return (
    <div className={classes['receipt']}>
      <IconPlayerStop size={16} stroke={1.6} aria-hidden />
      <span>{words.join(t('stop.separator'))}</span>
      {onGoOn && (
        <Button variant="subtle" size="compact-sm" onClick={onGoOn}>
          {t('stop.goOn')}
        </Button>
      )}
    </div>
  );
}
