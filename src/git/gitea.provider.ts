import { Injectable } from '@nestjs/common';
import type { GitIdentity, TypedGitAccount } from '../auth/git-accounts/git-identities.js';
import { asText } from '../common/text/json.js';
import { GitHttp } from './git-http.js';
import { type GitProvider } from './git-provider.js';
import { identityOf } from './identity.js';
import { OwnerRepos } from './owner-repos.js';

/** The REST API of Gitea and Forgejo: https://docs.gitea.com/api. Servers have pages of 50 at most by default. */
@Injectable()
export class GiteaProvider extends OwnerRepos implements GitProvider {
  readonly type = 'gitea';

  constructor(http: GitHttp) {
    super(http, {
      baseOf: ({ git_domain: domain }) => `${http.originOf(domain)}/api/v1`,
      headersOf: ({ git_token: token }) => ({ authorization: `token ${token}`, accept: 'application/json' }),
      perPage: 'limit',
      order: {},
    });
  }

  async identify(account: TypedGitAccount, signal: AbortSignal): Promise<GitIdentity> {
    const user = await this.user(account, signal);
    const identity = identityOf(account, user, { id: 'id', login: 'login', name: 'full_name' });

    return { ...identity, email: asText(user['email']) ?? null };
  }
}
