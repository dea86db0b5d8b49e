import { Button } from '@mantine/core';
import { IconAlertCircle, IconRefresh } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { AnswerFailure } from '../../../../stream/answer/answer-state';
import { useThread } from '../../thread/thread-context';
import { adviceFor } from './failure-advice';
import { ModelMenu } from '../actions/model-menu';
import classes from './ends.module.css';

interface Props {
  failure: AnswerFailure;
  requestId: string | null;
  /** Null where the question cannot be asked again. */
  onRetry: ((modelId?: string) => void) | null;
  isReadOnly: boolean;
}

/** Why an answer failed, whether asking again helps, and what to change. */
export function FailureCard({ failure, requestId, onRetry, isReadOnly }: Props) {
  const { t } = useTranslation('chat');
  const { botId } = useThread();
  const { text, canRetry, place } = adviceFor(failure.code, failure.retryable);

  return (
    <section className={classes['failure']} role="alert">
      <h3>
        <IconAlertCircle size={16} stroke={1.6} aria-hidden />
        {t(`failure.${text}.title`)}
      </h3>
      <p>{t(`failure.${text}.advice`)}</p>
      <p className={classes['soft']}>{canRetry ? t('failure.retryHelps') : t('failure.retryInVain')}</p>
      <div className={classes['buttons']}>
        {onRetry && (
          <Button
            size="xs"
            variant={canRetry ? 'filled' : 'default'}
            leftSection={<IconRefresh size={14} stroke={1.6} aria-hidden />}
            onClick={() => onRetry()}
          >
            {t('actions.retry')}
          </Button>
        )}
        {onRetry && botId === null && (
          <ModelMenu onModel={onRetry}>
            <Button size="xs" variant="default">
              {t('actions.otherModel')}
            </Button>
          </ModelMenu>
        )}
        {place && !isReadOnly && (
          <Button component={Link} to={place} size="xs" variant={canRetry ? 'default' : 'filled'}>
            {t(`failure.open.${place.slice(1)}`)}
          </Button>
        )}
      </div>
      <details className={classes['details']}>
        <summary>{t('failure.details')}</summary>
        <p>{failure.error}</p>
        <dl>
          <dt>{t('failure.code')}</dt>
          <dd>{failure.code}</dd>
          {failure.provider_status !== undefined && (
            <>
              <dt>{t('failure.status')}</dt>
              <dd>{failure.provider_status}</dd>
            </>
          )}
          {requestId && (
            <>
              <dt>{t('failure.request')}</dt>
              <dd>{requestId}</dd>
            </>
          )}
        </dl>
      </details>
    </section>
  );
}
