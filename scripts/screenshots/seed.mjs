import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { EARLIER, QUESTIONS } from './answers.mjs';
import { addCodeTasks } from './code-task.mjs';
import { eventually, INTERNAL_TOKEN } from './world.mjs';

const MODELS = [
  [
    'claude-sonnet',
    'Claude Sonnet',
    'claude',
    'claude-sonnet-4-5',
    '/claude',
    { input: 3, output: 15, cached: 0.3, currency: 'USD' },
  ],
  [
    'qwen-local',
    'Qwen 3 on our GPUs',
    'openai',
    'qwen3-32b',
    '/openai/v1',
    { input: 0.2, output: 0.6, currency: 'USD' },
  ],
];
const TEAMS = [
  ['Engineering', 'engineer', 'claude-sonnet', 'You answer questions about software, briefly and with code.'],
  ['Support', 'support-writer', 'qwen-local', 'You help to answer customers: friendly, exact, in their language.'],
];
const DIGEST = 'sha256:9f2c41d0c7a5be1f6a4d5d6f0f1d8a3a7c2b9be0b6cf5d1f86a1d0f2f4c7e311';
export const CHECKS = [
  { name: 'node', status: 'pass', version: '22.11.0', message: 'Node 22.11.0 (20 or newer)' },
  { name: 'claude-code', status: 'pass', version: '2.0.42', message: 'Claude Code 2.0.42 (1.0 or newer)' },
  { name: 'git', status: 'pass', version: '2.47.1', message: 'git 2.47.1' },
];

/** Models, teams, shells and conversations as a small company would have them. */
export async function seed(app, simulatorUrl, orders) {
  const team = await addTeams(app, simulatorUrl);
  await addShell(app, orders);
  const days = new Map();
  for (const [title, prompt, ago] of EARLIER)
    days.set(await app.ask({ title, prompt, team_id: team.Engineering }), ago);
  const chinese = await app.ask({ title: '统计最近七天的新用户', prompt: QUESTIONS.chinese, team_id: team.Support });
  const first = await app.ask({ title: 'SSE or WebSockets?', prompt: QUESTIONS.sse, team_id: team.Engineering });
  const code = await addCodeTasks(app, team.Code);
  const failed = await app.ask({ title: 'Translate the FAQ', prompt: QUESTIONS.failed, team_id: team.Support });

  return { tasks: { first, chinese, code, failed }, days, team };
}

async function addTeams(app, simulatorUrl) {
  for (const [name, displayName, provider, modelId, path, prices] of MODELS) {
    const connection = { baseUrl: simulatorUrl + path, apiKey: 'sk-for-the-pictures' };
    await app.call('POST', '/models', { name, displayName, provider, modelId, ...connection, parameters: { prices } });
  }
  const team = {};
  for (const [name, bot, model_name, system_prompt] of TEAMS)
    team[name] = await addTeam(app, name, { name: bot, shell_name: 'Chat', model_name, system_prompt });
  const dify = { DIFY_API_KEY: 'app-feedback-workflow', DIFY_BASE_URL: `${simulatorUrl}/dify` };
  team.Feedback = await addTeam(app, 'Customer feedback', {
    ...{ name: 'feedback-app', shell_name: 'Dify', agent_config: { env: dify } },
  });

  const env = { MODEL_TYPE: 'claude', MODEL_ID: 'claude-sonnet-4-5', API_KEY: 'sk-for-the-pictures' };
  team.Code = await addTeam(app, 'Repository agents', {
    ...{ name: 'repository-agent', shell_name: 'ClaudeCode', agent_config: { env } },
  });

  return team;
}

async function addTeam(app, name, bot, mode) {
  const { id: bot_id } = await app.call('POST', '/bots', bot);
  const workflow = mode && { workflow: { mode } };

  return (await app.call('POST', '/teams', { name, bots: [{ bot_id, role: 'leader' }], ...workflow })).id;
}

async function addShell(app, orders) {
  const shell = { name: 'node-22-tools', baseShellRef: 'ClaudeCode', baseImage: 'ghcr.io/acme/agent-tools:22' };
  await app.call('POST', '/shells', shell);
  await report(app, orders, { status: 'completed', valid: true, checks: CHECKS, digest: DIGEST, logTail: '' });
}

/** Reports on the newest order of a validation, as its manager would. */
export async function report(app, orders, body) {
  await eventually('a validation is ordered', async () => orders.length > 0);
  const { validation_id: id } = orders.at(-1);
  await app.call('POST', `/shells/validation-status/${id}`, body, INTERNAL_TOKEN);
}

/** Moves conversations to earlier days, in the database of a stopped server. */
export async function shiftDays(directory, days) {
  const database = await PGlite.create(join(directory, 'data', 'pglite'));
  for (const [task, ago] of days) {
    const by = `interval '${ago * 24 + 2} hours 17 minutes'`;
    for (const [table, key] of [
      ['tasks', 'id'],
      ['subtasks', 'task_id'],
    ])
      await database.exec(
        `update ${table} set created_at = created_at - ${by}, updated_at = updated_at - ${by},
         completed_at = completed_at - ${by} where ${key} = ${Number(task)}`,
      );
  }
  await database.close();
}
