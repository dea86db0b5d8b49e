import { Injectable } from '@nestjs/common';
import { AppError, type ErrorCode } from '../../common/app-error.js';
import { isMasked } from '../../common/secrets/mask.js';
import { pastedKey } from '../../common/text/pasted.js';
import { invalid } from '../../infra/http/server/validation.pipe.js';
import { ProbeSlots } from '../../infra/rate-limit/probe-slots.js';
import { GIT_TYPES, type GitAccount, gitTypeOf } from './git-accounts.js';
import { GitIdentities, type TypedGitAccount } from './git-identities.js';

/** For all new tokens of one request. */
const TIMEOUT_MS = 30_000;
const TOKEN = /^[\x21-\x7e]+$/;
/** Answers of a server that is there and does not accept the account, with the field that is wrong. */
const REFUSALS: ReadonlyMap<ErrorCode, keyof GitAccount> = new Map([
  ['provider_auth', 'git_token'],
  ['provider_not_found', 'git_domain'],
  ['provider_bad_request', 'git_domain'],
  ['provider_protocol', 'git_domain'],
]);

/** Checks git accounts before they are stored: their servers say who the tokens belong to. */
@Injectable()
export class GitAccountChecks {
  constructor(
    private readonly identities: GitIdentities,
    private readonly probes: ProbeSlots,
  ) {}

  /**
   * Returns the accounts with what their servers say about them. Masked tokens are stored ones, and not checked again.
   * @throws AppError validation_failed naming the field; `provider_…` when a server cannot be asked
   */
  async check(userId: number, accounts: readonly GitAccount[]): Promise<GitAccount[]> {
    if (accounts.every(({ git_token: token }) => isMasked(token))) return [...accounts];

    return this.probes.run(userId, async () => {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const checked: GitAccount[] = [];
      for (const [index, account] of accounts.entries()) {
        checked.push(isMasked(account.git_token) ? account : await this.checkOne(account, index, signal));
      }

      return checked;
    });
  }

  private async checkOne(account: GitAccount, index: number, signal: AbortSignal): Promise<GitAccount> {
    const { git_domain: domain } = account;
    const refuse = (field: keyof GitAccount, message: string) =>
      invalid([{ field: `git_info.${index}.${field}`, message }]);
    const type = gitTypeOf(account);
    if (!type) throw refuse('type', `type of ${domain} must be one of: ${GIT_TYPES.join(', ')}`);
    const token = pastedKey(account.git_token);
    if (!TOKEN.test(token)) throw refuse('git_token', 'git_token has characters that no token has: copy it again');
    const { id, login, email } = await this.identify({ type, git_domain: domain, git_token: token }, signal, refuse);
    const gitEmail = account.git_email || email;

    return {
      ...account,
      ...{ type, git_token: token, git_id: id, git_login: login },
      ...(gitEmail && { git_email: gitEmail }),
    };
  }

  private async identify(
    account: TypedGitAccount,
    signal: AbortSignal,
    refuse: (field: keyof GitAccount, message: string) => AppError,
  ) {
    try {
      return await this.identities.identify(account, signal);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const field = REFUSALS.get(error.code);
      if (field) throw refuse(field, `${field} is not accepted: ${error.message}`);
      const { code, message, retryAfter, retryable } = error;
      throw new AppError(code, `${message}. The account was not stored`, {
        ...{ cause: error, retryable },
        ...(retryAfter !== undefined && { retryAfter }),
      });
    }
  }
}
