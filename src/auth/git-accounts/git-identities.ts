import { Injectable } from '@nestjs/common';
import type { GitAccount, GitType } from './git-accounts.js';

/** Who a token belongs to, as its git server says. */
export interface GitIdentity {
  id: string;
  login: string;
  name: string | null;
  /** With which commits are made. */
  email: string | null;
}

/** An account whose kind of server is known. */
export type TypedGitAccount = Pick<GitAccount, 'git_domain' | 'git_token'> & { type: GitType };

/** Asks git servers who a token belongs to. */
export interface GitIdentifier {
  /** @throws AppError `provider_…` */
  identify(account: TypedGitAccount, signal: AbortSignal): Promise<GitIdentity>;
}

/** Knows the {@link GitIdentifier}, which registers itself when its module is initialized. */
@Injectable()
export class GitIdentities {
  private identifier: GitIdentifier | null = null;

  register(identifier: GitIdentifier): void {
    this.identifier = identifier;
  }

  /** @throws AppError `provider_…` */
  identify(account: TypedGitAccount, signal: AbortSignal): Promise<GitIdentity> {
    if (!this.identifier) throw new Error('no identifier of git accounts is registered');

    return this.identifier.identify(account, signal);
  }
}
