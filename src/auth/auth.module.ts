import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtModule } from '@nestjs/jwt';
import { createSecretKey } from 'node:crypto';
import { Secrets } from '../infra/crypto/secrets.js';
import { AuthController } from './auth.controller.js';
import { AuthGuard } from './auth.guard.js';
import { AuthService } from './auth.service.js';
import { ExecutorTokens } from './tokens/executor-tokens.js';
import { TaskLinkTokens } from './tokens/task-link-tokens.js';
import { InternalAccess } from './internal-access.js';
import { GitAccountChecks } from './git-accounts/git-account-checks.js';
import { GitIdentities } from './git-accounts/git-identities.js';
import { LoginLimiter } from './login-limiter.js';
import { RefreshFamiliesRepository } from './sessions/refresh-families.repository.js';
import { SessionReplies } from './sessions/session-replies.js';
import { SessionsService } from './sessions/sessions.service.js';
import { CallerGate } from './tokens/caller-gate.js';
import { UserTokens } from './tokens/user-tokens.js';
import { UserRateGuard } from './user-rate.guard.js';
import { OpenRequests } from './tokens/open-requests.js';
import { OwnAccountService } from './users/own-account.service.js';
import { UserRates } from './user-rates.js';
import { UsersController } from './users/users.controller.js';
import { UsersRepository } from './users/users.repository.js';
import { UsersService } from './users/users.service.js';

/** Accounts, log-in, and the guard in front of every route. */
@Module({
  imports: [
    JwtModule.registerAsync({
      inject: [Secrets],
      useFactory: (secrets: Secrets) => ({
        // Of a text the library finds out with every token, slowly, that it is no private key.
        secret: createSecretKey(secrets.jwtSecret, 'utf8'),
        signOptions: { algorithm: 'HS256' },
        verifyOptions: { algorithms: ['HS256'] },
      }),
    }),
  ],
  controllers: [AuthController, UsersController],
  providers: [
    ...[AuthService, ExecutorTokens, TaskLinkTokens, LoginLimiter, OpenRequests, OwnAccountService],
    ...[UsersService, UsersRepository, UserRates, InternalAccess, UserTokens, CallerGate],
    ...[SessionReplies, SessionsService, RefreshFamiliesRepository, GitAccountChecks, GitIdentities],
    { provide: APP_GUARD, useClass: AuthGuard },
    { provide: APP_GUARD, useClass: UserRateGuard },
  ],
  exports: [GitIdentities, AuthService, ExecutorTokens, TaskLinkTokens, UsersService, InternalAccess],
})
export class AuthModule {}
