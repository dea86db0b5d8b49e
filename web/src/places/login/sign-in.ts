import { problemOf } from '../../api/api-problem';
import { api, bodyOf } from '../../api/client';
import { authorization, setAccessToken } from '../../api/session';

/** Begins a session. @throws ApiProblem for a wrong name or password, and `too_many_logins` */
export async function signIn(userName: string, password: string): Promise<void> {
  const { access_token: token } = await bodyOf(
    api.POST('/api/auth/login', { body: { user_name: userName, password } }),
  );
  setAccessToken(token);
}

/** Ends this session, or all of the user, and shows the login. */
export async function signOut(isEverywhere: boolean): Promise<void> {
  const headers = authorization();
  const path = isEverywhere ? '/api/auth/logout-all' : '/api/auth/logout';
  const response = await fetch(path, { method: 'POST', headers });
  // A session that has ended already needs no end.
  if (!response.ok && response.status !== 401) throw await problemOf(response);
  setAccessToken(null);
  window.location.assign('/');
}

/** Whether there is a session that can end: without authentication the server needs none. */
export const hasSession = (): boolean => Object.keys(authorization()).length > 0;
