import { useTranslation } from 'react-i18next';
import { useMe } from '../../api/me';
import { FirstStep } from '../../ui/page/first-step';
import { ButtonLink } from '../../ui/button-link';
import { Place } from '../../ui/page/place';
import { Health } from './health';
import { ServerFigures } from './server-figures';
import { Users } from './users';

/** Users, and how the server is doing; for admins. */
export function AdminPage() {
  const { t } = useTranslation('admin');
  const me = useMe();
  if (me && me.role !== 'admin')
    return (
      <Place title={t('title')}>
        <FirstStep
          title={t('notForYou')}
          text={t('notForYouText')}
          action={<ButtonLink to="/">{t('toChat')}</ButtonLink>}
        />
      </Place>
    );

  return (
    <Place title={t('title')} description={t('description')}>
      <Health />
      <ServerFigures />
      <Users />
    </Place>
  );
}
