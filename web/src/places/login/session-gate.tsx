import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useSyncExternalStore } from 'react';
import { ApiProblem } from '../../api/api-problem';
import { meQuery } from '../../api/me';
import { session } from '../../api/session';
import { withTexts } from '../../i18n/i18n';

const LoginPage = lazy(async () => ({ default: (await withTexts(import('./login.page'), 'login')).LoginPage }));
const ExpiredDialog = lazy(async () => ({
  default: (await withTexts(import('./expired-dialog'), 'login')).ExpiredDialog,
}));
const AwayPage = lazy(async () => ({ default: (await import('./away.page')).AwayPage }));

/** Pages that need no user: what they show is in their link. */
const isOpenToAll = () => window.location.pathname.startsWith('/shared/');

/**
 * Lets the page begin when the server knows the reader: at once without authentication, by the refresh cookie of an
 * earlier visit, or after a login. A session that ends later is renewed in a dialog over the page.
 */
export function SessionGate({ children }: { children: ReactNode }) {
  const isOpen = isOpenToAll();
  const me = useQuery({ ...meQuery, enabled: !isOpen });
  const isExpired = useSyncExternalStore(session.subscribe, session.isExpired);
  if (isOpen) return children;
  if (me.data)
    return (
      <>
        {children}
        <Suspense>{isExpired && <ExpiredDialog userName={me.data.user_name} />}</Suspense>
      </>
    );
  if (me.isPending) return null;

  return (
    <Suspense>
      {me.error instanceof ApiProblem && me.error.status === 401 ? (
        <LoginPage />
      ) : (
        <AwayPage error={me.error} onRetry={() => void me.refetch()} />
      )}
    </Suspense>
  );
}
