import { describe, expect, it } from '@jest/globals';
import { chosenRepository, repositoryOf } from './repository';

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

describe('chosenRepository', () => {
  const listed = {
    ...{ git_repo_id: 7, name: 'shop', git_repo: 'acme/shop', git_url: 'https://git.example.com/acme/shop.git' },
    ...{ git_domain: 'git.example.com:8443', private: true, type: 'gitlab' },
  };

  it('is what the git server has told, else what the address says', () => {
    expect(chosenRepository([listed], listed.git_url)).toEqual({
      ...{ git_url: listed.git_url, git_repo: 'acme/shop', git_domain: 'git.example.com:8443', git_repo_id: 7 },
    });
    expect(chosenRepository(undefined, 'https://git.example.com/a/b')).toMatchObject({ git_repo: 'a/b' });
    expect(chosenRepository([listed], 'https://git.example.com/a/b').git_repo_id).toBeUndefined();
  });
});
