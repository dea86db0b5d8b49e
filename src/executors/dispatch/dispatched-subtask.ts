/** From a subtask, its turn and who answers it to the JSON that executors know. Pure. */
import { bindModel } from '../../bots/agent-config.js';
import type { ModelSettings } from '../../common/contracts/chat-provider.js';
import type { JsonObject } from '../../common/text/json.js';
import { stepPrompt, withoutParams } from '../../common/text/prompt.js';
import type { DispatchedSubtaskDto } from './dispatch.dto.js';
import type { ExecutionPlan, PlannedBot } from './execution-plans.js';
import type { ClaimedSubtask } from './dispatch.repository.js';

export function toDispatched(claimed: ClaimedSubtask, plan: ExecutionPlan): DispatchedSubtaskDto {
  const { subtask, task, turn } = claimed;

  return {
    subtask_id: subtask.id,
    subtask_next_id: turn.nextId,
    task_id: subtask.taskId,
    type: task.type,
    executor_name: subtask.executorName,
    executor_namespace: subtask.executorNamespace,
    subtask_title: subtask.title,
    task_title: task.title,
    user: userOf(plan),
    bot: plan.bots.map(botOf),
    team_id: subtask.teamId,
    mode: plan.mode,
    git_domain: task.gitDomain,
    git_repo: task.gitRepo,
    git_repo_id: task.gitRepoId,
    branch_name: task.branchName,
    git_url: task.gitUrl,
    // Inputs in front of it are for apps, which may be other steps of the pipeline.
    prompt: stepPrompt({ ...turn, prompt: withoutParams(turn.prompt) }),
    auth_token: plan.authToken,
    status: 'RUNNING',
    progress: subtask.progress,
    created_at: localTime(subtask.createdAt),
    updated_at: localTime(subtask.updatedAt),
  };
}

/** A bot's own config; a chosen model takes the place of its connection. */
export function agentConfigOf(own: JsonObject, model: ModelSettings | null): JsonObject {
  const config = bindModel(own, null);

  return model ? { ...config, env: envOf(model) } : config;
}

function envOf({ provider, modelId, apiKey, baseUrl, headers }: ModelSettings): JsonObject {
  return {
    model: provider,
    model_id: modelId,
    api_key: apiKey ?? '',
    base_url: baseUrl ?? '',
    ...(Object.keys(headers).length > 0 && { custom_headers: headers }),
  };
}

const NO_ACCOUNT = {
  git_domain: null,
  git_token: null,
  git_id: null,
  git_login: null,
  git_email: null,
  user_name: null,
};

function userOf({ user: { id, userName, git } }: ExecutionPlan): DispatchedSubtaskDto['user'] {
  const { type: _type, ...account } = git ?? {};

  return { id, name: userName, ...NO_ACCOUNT, ...account };
}

function botOf({ member, agentConfig, mcpServers }: PlannedBot): DispatchedSubtaskDto['bot'][number] {
  return {
    id: member.id,
    name: member.name,
    shell_type: member.shellType,
    agent_config: agentConfig,
    system_prompt: [member.systemPrompt, member.prompt].filter((text) => text !== '').join('\n'),
    mcp_servers: mcpServers,
    skills: member.skills,
    role: member.role,
    base_image: member.baseImage,
  };
}

/** Wegent's times have neither fractions nor a zone: `2025-12-02T10:00:00`, UTC. */
const localTime = (time: Date) => time.toISOString().slice(0, 19);
