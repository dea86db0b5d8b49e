import { useTranslation } from 'react-i18next';
import { useMe } from '../../api/me';
import { Place } from '../../ui/page/place';
import { hasSession } from '../login/sign-in';
import { Appearance } from './appearance';
import { ChatSettings } from './chat-settings';
import { GitAccounts } from './git-accounts';
import { Password } from './password';
import { Profile } from './profile';
import { SignOut } from './sign-out';

/** How the page looks and behaves for the reader, and what the server keeps of them. */
export function SettingsPage() {
  const { t } = useTranslation('settings');
  const me = useMe();

  return (
    <Place title={t('title')} isNarrow>
      <Appearance />
      <ChatSettings />
      {me && (
        <>
          <Profile key={me.updated_at} me={me} />
          {hasSession() && <Password />}
          <GitAccounts accounts={me.git_info} />
          {hasSession() && <SignOut />}
        </>
      )}
    </Place>
  );
}
