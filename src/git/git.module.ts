import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { ProviderHttpModule } from '../infra/http/client/provider-http.module.js';
import { GitController } from './git.controller.js';
import { GitHttp } from './git-http.js';
import { GitService } from './git.service.js';
import { GiteaProvider } from './gitea.provider.js';
import { GithubProvider } from './github.provider.js';
import { GitlabProvider } from './gitlab.provider.js';

/** Git servers of users: checks of their accounts, their repositories and branches. */
@Module({
  imports: [AuthModule, ProviderHttpModule],
  controllers: [GitController],
  providers: [GitHttp, GithubProvider, GitlabProvider, GiteaProvider, GitService],
})
export class GitModule {}
