import { describe, expect, it } from '@jest/globals';
import type { ModelSettings } from '../../common/contracts/chat-provider.js';
import { stepPrompt } from '../../common/text/prompt.js';
import { agentConfigOf, toDispatched } from './dispatched-subtask.js';
import type { ExecutionPlan } from './execution-plans.js';
import type { ClaimedSubtask } from './dispatch.repository.js';

const MODEL: ModelSettings = {
  name: 'sonnet',
  provider: 'claude',
  modelId: 'claude-x',
  baseUrl: 'https://api.anthropic.com',
  apiKey: 'sk-plain',
  headers: {},
  parameters: {},
};

const CLAIMED: ClaimedSubtask = {
  subtask: {
    ...{ id: 501, taskId: 77, userId: 3, teamId: 5, lane: 'online', botIds: [9], title: 'Fix login - coder' },
    ...{ offers: 1, progress: 0, executorName: '', executorNamespace: '' },
    createdAt: new Date('2025-12-02T10:00:00.123Z'),
    updatedAt: new Date('2025-12-02T10:00:01.999Z'),
  },
  task: {
    ...{ title: 'Fix login', prompt: 'user text', type: 'online', modelId: null, forceOverrideBotModel: false },
    ...{ gitUrl: 'https://github.com/o/r.git', gitRepo: 'o/r', gitRepoId: 123, gitDomain: 'github.com' },
    branchName: 'main',
  },
  turn: { prompt: 'user text', position: 1, previous: 'step one', nextId: 502 },
};

const PLAN: ExecutionPlan = {
  user: {
    id: 3,
    userName: 'ann',
    git: {
      ...{ git_domain: 'github.com', git_token: 'ghp_x', type: 'github', user_name: 'ann' },
      ...{ git_id: '12', git_login: 'ann', git_email: 'a@x.io' },
    },
  },
  mode: 'pipeline',
  bots: [
    {
      member: {
        ...{ id: 9, name: 'coder', shellName: 'ClaudeCode', shellType: 'ClaudeCode', executionType: 'local_engine' },
        ...{
          systemPrompt: 'ghost prompt',
          prompt: 'member prompt',
          role: 'leader',
          model: MODEL,
          modelProblem: null,
          shellProblem: null,
          dify: null,
        },
        ...{
          modelName: 'sonnet',
          sealedConfig: null,
          servers: { mcpServers: {}, mcpServersSealed: null },
          skills: [],
          baseImage: null,
        },
      },
      agentConfig: agentConfigOf({ bind_model: 'sonnet' }, MODEL),
      mcpServers: {},
    },
  ],
  authToken: 'jwt',
};

/** The contract's own example, with the text of the step before. */
const GOLDEN = {
  ...{ subtask_id: 501, subtask_next_id: 502, task_id: 77, type: 'online', executor_name: '', executor_namespace: '' },
  ...{ subtask_title: 'Fix login - coder', task_title: 'Fix login' },
  user: {
    ...{ id: 3, name: 'ann', git_domain: 'github.com', git_token: 'ghp_x', git_id: '12' },
    ...{ git_login: 'ann', git_email: 'a@x.io', user_name: 'ann' },
  },
  bot: [
    {
      ...{ id: 9, name: 'coder', shell_type: 'ClaudeCode' },
      agent_config: {
        env: { model: 'claude', model_id: 'claude-x', api_key: 'sk-plain', base_url: 'https://api.anthropic.com' },
      },
      ...{
        system_prompt: 'ghost prompt\nmember prompt',
        mcp_servers: {},
        skills: [],
        role: 'leader',
        base_image: null,
      },
    },
  ],
  ...{ team_id: 5, mode: 'pipeline', git_domain: 'github.com', git_repo: 'o/r', git_repo_id: 123, branch_name: 'main' },
  git_url: 'https://github.com/o/r.git',
  prompt: 'user text\nPrevious execution result: step one',
  ...{ auth_token: 'jwt', status: 'RUNNING', progress: 0 },
  ...{ created_at: '2025-12-02T10:00:00', updated_at: '2025-12-02T10:00:01' },
};

describe('a dispatched subtask', () => {
  it('has every field of the contract', () => {
    expect(toDispatched(CLAIMED, PLAN)).toEqual(GOLDEN);
  });

  it('has nulls for a user without an account at the git server', () => {
    const user = { id: 3, userName: 'ann', git: { git_domain: 'gitlab.com', git_token: 't' } };

    expect(toDispatched(CLAIMED, { ...PLAN, user: { ...user, git: null } }).user).toEqual({
      ...{ id: 3, name: 'ann', git_domain: null, git_token: null, git_id: null, git_login: null, git_email: null },
      user_name: null,
    });
    expect(toDispatched(CLAIMED, { ...PLAN, user }).user).toMatchObject({ git_token: 't', git_email: null });
  });

  it('asks the first step the question alone', () => {
    expect(stepPrompt({ prompt: 'q', previous: null })).toBe('q');
    expect(stepPrompt({ prompt: 'q', previous: '' })).toBe('q\nPrevious execution result: ');
  });
});

describe('agentConfigOf', () => {
  it('puts a chosen model in the place of the own connection, and keeps the rest', () => {
    const own = { env: { api_key: 'own', DEBUG: '1' }, bind_model: 'sonnet', max_turns: 3 };

    expect(agentConfigOf(own, { ...MODEL, headers: { 'X-A': 'b' } })).toEqual({
      max_turns: 3,
      env: {
        ...{ model: 'claude', model_id: 'claude-x', api_key: 'sk-plain', base_url: 'https://api.anthropic.com' },
        custom_headers: { 'X-A': 'b' },
      },
    });
  });

  it('leaves an own connection as it is', () => {
    expect(agentConfigOf({ env: { ANTHROPIC_API_KEY: 'own' } }, null)).toEqual({ env: { ANTHROPIC_API_KEY: 'own' } });
    expect(agentConfigOf({}, null)).toEqual({});
  });
});
