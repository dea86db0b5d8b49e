import { describe, expect, it } from '@jest/globals';
import { repositoryOf } from './repository';

describe('repositoryOf', () => {
  it.each([
    ['https://git.example.com/team/project.git', 'git.example.com', 'team/project'],
    ['https://git.example.com:8443/team/sub/project/', 'git.example.com', 'team/sub/project'],
    ['git@git.example.com:team/project.git', 'git.example.com', 'team/project'],
    ['ssh://git@git.example.com:22/team/project', 'git.example.com', 'team/project'],
    ['', '', ''],
    ['nonsense', '', ''],
  ])('reads %j', (address, domain, path) => {
    expect(repositoryOf(address)).toEqual({ git_url: address, git_domain: domain, git_repo: path });
  });
});
