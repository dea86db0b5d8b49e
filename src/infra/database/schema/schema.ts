import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  pgSequence,
  serial,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { ModelParameters, ProviderKind } from '../../../common/contracts/chat-provider.js';
import type { DifyFile, DifyRun } from '../../../common/contracts/dify.js';
import type { TeamMember } from '../../../common/contracts/team-member.js';
import type { JsonObject } from '../../../common/text/json.js';
import type { ShellState } from '../../../common/contracts/shell-types.js';

const createdAt = timestamp('created_at', { withTimezone: true }).notNull().defaultNow();
const updatedAt = timestamp('updated_at', { withTimezone: true }).notNull().defaultNow();

export const users = pgTable(
  'users',
  {
    id: serial('id').primaryKey(),
    userName: text('user_name').notNull(),
    /** argon2id, or null when the account cannot log in by password (the local user of AUTH_MODE=off). */
    passwordHash: text('password_hash'),
    email: text('email'),
    /** Encrypted JSON list of Wegent's git accounts: domain, token, login of each. */
    gitInfo: text('git_info'),
    role: text('role').$type<'admin' | 'user'>().notNull().default('user'),
    isActive: boolean('is_active').notNull().default(true),
    /** Tokens that were issued before are refused. */
    tokensValidFrom: timestamp('tokens_valid_from', { withTimezone: true }).notNull().defaultNow(),
    /** Ids of sessions that were ended alone, each until its last access token has expired, in Unix seconds. */
    revokedTokens: jsonb('revoked_tokens').$type<Record<string, number>>().notNull().default({}),
    createdAt,
    updatedAt,
  },
  (table) => [uniqueIndex('users_user_name_key').on(table.userName)],
);

/** Runtimes. `user_id` null = public, from the seeds. The same holds for models, bots and teams. */
export const shells = pgTable(
  'shells',
  {
    id: serial('id').primaryKey(),
    userId: integer('user_id').references(() => users.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    displayName: text('display_name'),
    shellType: text('shell_type').notNull(),
    executionType: text('execution_type').$type<'local_engine' | 'external_api'>().notNull(),
    supportModel: jsonb('support_model').$type<string[]>().notNull().default([]),
    baseImage: text('base_image'),
    /** Canonical name of `base_image` in shells of users, by which their validations are found. */
    imageRef: text('image_ref'),
    baseShellRef: text('base_shell_ref'),
    state: text('state').$type<ShellState>().notNull().default('Available'),
    /** Why it is not Available, in words. */
    stateReason: text('state_reason'),
    isActive: boolean('is_active').notNull().default(true),
    createdAt,
    updatedAt,
  },
  (table) => [
    uniqueIndex('shells_owner_name_key')
      .on(sql`coalesce(${table.userId}, 0)`, table.name)
      .where(sql`${table.isActive}`),
  ],
);

export const models = pgTable(
  'models',
  {
    id: serial('id').primaryKey(),
    userId: integer('user_id').references(() => users.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    displayName: text('display_name'),
    provider: text('provider').$type<ProviderKind>().notNull(),
    modelId: text('model_id').notNull(),
    baseUrl: text('base_url'),
    /** Encrypted, see `common/secret-box.ts`. */
    apiKey: text('api_key'),
    /** Encrypted JSON object. */
    headers: text('headers'),
    parameters: jsonb('parameters').$type<ModelParameters>().notNull().default({}),
    isActive: boolean('is_active').notNull().default(true),
    createdAt,
    updatedAt,
  },
  (table) => [uniqueIndex('models_owner_name_key').on(sql`coalesce(${table.userId}, 0)`, table.name)],
);

export const bots = pgTable(
  'bots',
  {
    id: serial('id').primaryKey(),
    userId: integer('user_id').references(() => users.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    shellName: text('shell_name').notNull(),
    /** Name of the bound model; null when `agent_config.env` holds the connection. */
    modelName: text('model_name'),
    /** Encrypted JSON object, Wegent's `agent_config`. */
    agentConfig: text('agent_config'),
    systemPrompt: text('system_prompt').notNull().default(''),
    /** In clear, of earlier versions; encrypted at the next start. */
    mcpServers: jsonb('mcp_servers').$type<Record<string, unknown>>().notNull().default({}),
    /** Encrypted JSON object. */
    mcpServersSealed: text('mcp_servers_sealed'),
    skills: jsonb('skills').$type<string[]>().notNull().default([]),
    isActive: boolean('is_active').notNull().default(true),
    createdAt,
    updatedAt,
  },
  (table) => [
    uniqueIndex('bots_owner_name_key')
      .on(sql`coalesce(${table.userId}, 0)`, table.name)
      .where(sql`${table.isActive}`),
  ],
);

export const teams = pgTable(
  'teams',
  {
    id: serial('id').primaryKey(),
    userId: integer('user_id').references(() => users.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    namespace: text('namespace').notNull().default('default'),
    displayName: text('display_name'),
    /** Wegent's collaborationModel: pipeline, route, coordinate, collaborate, solo; free text there. */
    mode: text('mode').notNull().default('solo'),
    members: jsonb('members').$type<TeamMember[]>().notNull(),
    isActive: boolean('is_active').notNull().default(true),
    createdAt,
    updatedAt,
  },
  (table) => [
    uniqueIndex('teams_owner_name_key')
      .on(sql`coalesce(${table.userId}, 0)`, table.namespace, table.name)
      .where(sql`${table.isActive}`),
  ],
);

export const SUBTASK_STATUSES = ['PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'DELETE'] as const;
export type SubtaskStatus = (typeof SUBTASK_STATUSES)[number];
export const TASK_STATUSES = [...SUBTASK_STATUSES, 'CANCELLING'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];
/** The beginning of the prompt; written by a model or an executor; given by the user. */
export type TitleSource = 'prompt' | 'model' | 'user';

/** Ids of tasks are handed out before the row exists, so the sequence is its own object. */
export const taskIds = pgSequence('task_id_seq');

/** Result of a subtask as executors and clients know it. */
export interface SubtaskResult {
  value: string;
  reasoning?: string;
  [extra: string]: unknown;
}

export const tasks = pgTable(
  'tasks',
  {
    id: integer('id')
      .primaryKey()
      .default(sql`nextval('task_id_seq')`),
    userId: integer('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    teamId: integer('team_id')
      .notNull()
      .references(() => teams.id),
    title: text('title').notNull(),
    /** The title as searches compare it, see `common/prompt.ts`. */
    titleKey: text('title_key').notNull().default(''),
    /** Where the title comes from. One of the user's is never replaced. */
    titleSource: text('title_source').$type<TitleSource>().notNull().default('prompt'),
    prompt: text('prompt').notNull(),
    type: text('type').$type<'online' | 'offline'>().notNull().default('online'),
    taskType: text('task_type').$type<'chat' | 'code'>().notNull().default('chat'),
    source: text('source').notNull().default('web'),
    status: text('status').$type<TaskStatus>().notNull().default('PENDING'),
    progress: integer('progress').notNull().default(0),
    /** The subtask whose result is the task's; no foreign key, as subtasks only go with their task. */
    resultOf: integer('result_of'),
    /** Position of the question of the last turn of the path that is shown; null: of the newest turn. */
    activeTurn: integer('active_turn'),
    errorMessage: text('error_message'),
    gitUrl: text('git_url').notNull().default(''),
    gitRepo: text('git_repo').notNull().default(''),
    gitRepoId: integer('git_repo_id').notNull().default(0),
    gitDomain: text('git_domain').notNull().default(''),
    branchName: text('branch_name').notNull().default(''),
    /** Model chosen for this task; used when the bot binds none, or always when forced. */
    modelId: text('model_id'),
    forceOverrideBotModel: boolean('force_override_bot_model').notNull().default(false),
    autoDeleteExecutor: boolean('auto_delete_executor').notNull().default(false),
    createdAt,
    updatedAt,
    completedAt: timestamp('completed_at', { withTimezone: true }),
    /** Signed links to the task are of one epoch; a higher one ends them. */
    linkEpoch: integer('link_epoch').notNull().default(0),
  },
  (table) => [
    index('tasks_owner_active').on(table.userId, table.updatedAt.desc().nullsFirst(), table.id.desc().nullsFirst()),
    index('tasks_owner_newest').on(table.userId, table.id.desc()),
    index('tasks_unfinished')
      .on(table.userId)
      .where(sql`${table.status} in ('PENDING', 'RUNNING', 'CANCELLING')`),
  ],
);

export const subtasks = pgTable(
  'subtasks',
  {
    id: serial('id').primaryKey(),
    taskId: integer('task_id')
      .notNull()
      .references(() => tasks.id, { onDelete: 'cascade' }),
    userId: integer('user_id').notNull(),
    teamId: integer('team_id').notNull(),
    role: text('role').$type<'USER' | 'ASSISTANT'>().notNull(),
    /** Position in the task, from 1, in the order of storing. A turn has positions without gaps. */
    messageId: integer('message_id').notNull(),
    /** Position of the message before it on its path, 0 for the first: see `tasks/turns/turn-tree.ts`. */
    parentId: integer('parent_id').notNull().default(0),
    botIds: jsonb('bot_ids').$type<number[]>().notNull().default([]),
    title: text('title').notNull().default(''),
    prompt: text('prompt').notNull().default(''),
    status: text('status').$type<SubtaskStatus>().notNull().default('PENDING'),
    progress: integer('progress').notNull().default(0),
    result: jsonb('result').$type<SubtaskResult>(),
    errorMessage: text('error_message'),
    executorName: text('executor_name').notNull().default(''),
    executorNamespace: text('executor_namespace').notNull().default(''),
    /** When the deletion of that executor began: no dispatch names it after that. */
    executorDeletedAt: timestamp('executor_deleted_at', { withTimezone: true }),
    /** Whether the executor of this claim has sent a heartbeat: only then does its silence mean something. */
    executorBeats: boolean('executor_beats').notNull().default(false),
    /** Whether its end was concluded without the word of its executor, which may still report another one. */
    isPresumed: boolean('is_presumed').notNull().default(false),
    /** Which executors may claim it, by the type of its task; null without an executor. */
    lane: text('lane').$type<'online' | 'offline'>(),
    /** Place in the order of dispatch, fair between users; null until its turn in the pipeline has come. */
    fairRank: bigint('fair_rank', { mode: 'number' }),
    /** Until when its executor must send a report. */
    leaseExpiresAt: timestamp('lease_expires_at', { withTimezone: true }),
    /** How often an executor has claimed it, and when it last did. */
    offers: integer('offers').notNull().default(0),
    claimedAt: timestamp('claimed_at', { withTimezone: true }),
    /** Newest `seq` of its executor. */
    reportSeq: bigint('report_seq', { mode: 'number' }),
    /** Place of the newest report among all that arrived, for executors that send no `seq`. */
    reportOrder: bigint('report_order', { mode: 'number' }),
    /** When a direct chat was requested; null while the answer is not started. */
    runRequestedAt: timestamp('run_requested_at', { withTimezone: true }),
    /** Prompt of the request that started the run, on top of the bot's (Wegent's bot_prompt). */
    runPrompt: text('run_prompt'),
    /** Name of the model that the request asked for, in place of the bot's. */
    runModel: text('run_model'),
    /** Inputs and files that the request brought along, for Dify apps. */
    runInputs: jsonb('run_inputs').$type<JsonObject>(),
    runFiles: jsonb('run_files').$type<readonly DifyFile[]>(),
    /** The run at the app that answers, by which it is stopped or joined later. */
    upstreamRun: jsonb('upstream_run').$type<DifyRun>(),
    /** Terminal event of the stream as the client saw it, and its sequence number. */
    terminalEvent: jsonb('terminal_event').$type<Record<string, unknown>>(),
    terminalSeq: integer('terminal_seq'),
    idempotencyKey: text('idempotency_key'),
    /** SHA-256 of the request body that came with the key. */
    idempotencyHash: text('idempotency_hash'),
    ...{ createdAt, updatedAt },
    completedAt: timestamp('completed_at', { withTimezone: true }),
  },
  (table) => [
    uniqueIndex('subtasks_task_message_key').on(table.taskId, table.messageId),
    uniqueIndex('subtasks_idempotency_key')
      .on(table.userId, table.idempotencyKey)
      .where(sql`${table.idempotencyKey} is not null`),
    index('subtasks_unfinished_runs')
      .on(table.runRequestedAt)
      .where(sql`${table.status} in ('PENDING', 'RUNNING')`),
    index('subtasks_offered')
      .on(table.lane, table.fairRank, table.id)
      .where(sql`${table.status} = 'PENDING' and ${table.fairRank} is not null`),
    index('subtasks_offered_by_user')
      .on(table.userId, table.lane, table.fairRank)
      .where(sql`${table.status} = 'PENDING' and ${table.fairRank} is not null`),
    index('subtasks_app_messages')
      .on(sql`(${table.upstreamRun} ->> 'messageId')`)
      .where(sql`${table.upstreamRun} ->> 'messageId' is not null`),
    index('subtasks_executors')
      .on(table.executorName)
      .where(sql`${table.executorName} <> '' and ${table.executorDeletedAt} is null`),
    index('subtasks_leases')
      .on(table.leaseExpiresAt)
      .where(sql`${table.leaseExpiresAt} is not null`),
  ],
);
