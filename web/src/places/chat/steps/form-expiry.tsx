import { useTranslation } from 'react-i18next';
import { formatDateTime, formatSeconds } from '../../../ui/format';
import { useNow } from '../../../ui/use-now';
import classes from './steps.module.css';

/** How long a form still waits. */
export function FormExpiry({ expiresAt }: { expiresAt: string }) {
  const { t } = useTranslation('chat');
  const now = useNow(1000);
  const left = new Date(expiresAt).getTime() - now;

  return (
    <time dateTime={expiresAt} title={formatDateTime(expiresAt)} className={classes['expiry']}>
      {left > 0 ? t('form.expires', { time: formatSeconds(Math.max(1, Math.floor(left / 1000))) }) : t('form.expired')}
    </time>
  );
}
