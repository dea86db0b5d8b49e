import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import { invalid } from '../../infra/http/server/validation.pipe.js';
import type { AuthUser } from '../auth-user.js';
import { AuthService } from '../auth.service.js';
import { GitAccountChecks } from '../git-accounts/git-account-checks.js';
import type { UpdateMeDto, UserDto } from './users.dto.js';
import { UsersService } from './users.service.js';

/** Lets users change their own account: a stolen token is not enough to lock them out of it. */
@Injectable()
export class OwnAccountService {
  constructor(
    private readonly users: UsersService,
    private readonly auth: AuthService,
    private readonly gitAccounts: GitAccountChecks,
  ) {}

  /** @throws AppError validation_failed, forbidden for a wrong current password, too_many_logins; `provider_…` for git servers that cannot be asked */
  async update(user: AuthUser, request: UpdateMeDto, address: string): Promise<UserDto> {
    if (await this.users.changesLogin(user.id, request)) {
      await this.confirm(user.userName, request.current_password, address);
    }

    const { git_info: accounts } = request;
    const checked = accounts && (await this.gitAccounts.check(user.id, accounts));

    return this.users.updateMe(user.id, request, checked);
  }

  private async confirm(userName: string, password: string | undefined, address: string): Promise<void> {
    if (password === undefined) {
      throw invalid([
        { field: 'current_password', message: 'is required to change the password or the e-mail address' },
      ]);
    }
    await this.auth.userOfPassword({ user_name: userName, password }, address).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== 'unauthorized') throw error;
      throw new AppError('forbidden', 'The current password is wrong');
    });
  }
}
