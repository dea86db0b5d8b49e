import { ApiProblem } from '../../api/api-problem';
import { api, bodyOf } from '../../api/client';
import { authorization, beginSession, setAccessToken } from '../../api/session';

/** Begins a session. @throws ApiProblem for a wrong name or password, and `too_many_logins` */
export async function signIn(userName: string, password: string): Promise<void> {
  const { access_token: token } = await bodyOf(
    api.POST('/api/auth/login', { body: { user_name: userName, password } }),
  );
  beginSession(token);
}

/** Ends this session, or all of the user, and shows the login. @throws ApiProblem when the server could not be told */
export async function signOut(isEverywhere: boolean): Promise<void> {
  try {
    await (isEverywhere ? api.POST('/api/auth/logout-all') : api.POST('/api/auth/logout'));
  } catch (error) {
    // A session that has ended already needs no end.
    if (!(error instanceof ApiProblem && error.status === 401)) throw error;
  }
  setAccessToken(null);
  window.location.assign('/');
}

/** Whether there is a session that can end: without authentication the server needs none. */
export const hasSession = (): boolean => Object.keys(authorization()).length > 0;
