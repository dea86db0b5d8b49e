import { Injectable } from '@nestjs/common';
import type { GitIdentity, TypedGitAccount } from '../auth/git-accounts/git-identities.js';
import { asText } from '../common/text/json.js';
import { GitHttp } from './git-http.js';
import { type GitProvider } from './git-provider.js';
import { identityOf } from './identity.js';
import { OwnerRepos } from './owner-repos.js';

/** The REST API of GitHub and GitHub Enterprise: https://docs.github.com/en/rest (version 2022-11-28). */
@Injectable()
export class GithubProvider extends OwnerRepos implements GitProvider {
  readonly type = 'github';

  constructor(http: GitHttp) {
    super(http, {
      // Enterprise servers have their API below the same name.
      baseOf: ({ git_domain: domain }) =>
        domain.toLowerCase() === 'github.com' ? http.originOf('api.github.com') : `${http.originOf(domain)}/api/v3`,
      headersOf: ({ git_token: token }) => ({
        ...{ authorization: `Bearer ${token}`, accept: 'application/vnd.github+json' },
        'x-github-api-version': '2022-11-28',
      }),
      perPage: 'per_page',
      order: { sort: 'updated' },
    });
  }

  /** Users may hide their address; commits with the one that GitHub makes of id and login are attributed all the same. */
  async identify(account: TypedGitAccount, signal: AbortSignal): Promise<GitIdentity> {
    const user = await this.user(account, signal);
    const identity = identityOf(account, user, { id: 'id', login: 'login', name: 'name' });
    const hidden = `${identity.id}+${identity.login}@users.noreply.${account.git_domain.replace(/:\d+$/, '')}`;

    return { ...identity, email: asText(user['email']) ?? hidden };
  }
}
