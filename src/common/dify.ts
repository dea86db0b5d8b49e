import type { JsonObject } from './json.js';

/** Kinds of Dify apps, by the names that `GET /info` gives them (`advanced-chat` is a chatflow). */
export const DIFY_MODES = ['chat', 'agent-chat', 'advanced-chat', 'agent', 'completion', 'workflow'] as const;
export type DifyMode = (typeof DIFY_MODES)[number];

export function isDifyMode(value: unknown): value is DifyMode {
  return (DIFY_MODES as readonly unknown[]).includes(value);
}

/** How to reach one app. The key is in clear, so this never goes into a log, reply or job. */
export interface DifyConnection {
  /** Ends with `/v1`, without a slash behind it. */
  baseUrl: string;
  /** Belongs to one app: Dify chooses the app by it. */
  apiKey: string;
  /** As the bot's owner wrote it; nothing but a name here. */
  appId: string | null;
  /** For servers too old to tell it. */
  mode: DifyMode | null;
  /** Inputs of the app where neither prompt nor request give others. */
  inputs: JsonObject;
}

/** A file of a turn, as Dify's API takes it. */
export interface DifyFile {
  type: 'image' | 'document' | 'audio' | 'video' | 'custom';
  transfer_method: 'remote_url' | 'local_file';
  url?: string;
  upload_file_id?: string;
}

/** The Dify part of a turn. */
export interface DifyTurn {
  botId: number;
  connection: DifyConnection;
  inputs: JsonObject;
  files: readonly DifyFile[];
}

/** Where a stopped run stands: Dify has ended it, has only been told to, or could not be told. */
export type DifyStop = 'confirmed' | 'sent' | 'failed';

/** A form that a run waits for. */
export interface PendingForm {
  token: string | null;
  nodeId: string;
  /** Milliseconds since the epoch; null when it never expires. */
  expiresAt: number | null;
}

/**
 * A run on Dify's side as a later attempt needs it: to stop it, to join it, or to give it what it waits for. Stored as
 * JSON with its subtask.
 */
export interface DifyRun {
  mode: DifyMode;
  botId: number;
  /** Names the stream, for the stop endpoints; not known before the first event. */
  taskId?: string;
  /** Workflows and chatflows only. */
  runId?: string;
  messageId?: string;
  conversationId?: string;
  /** Set while it waits for a person, and null when it has gone on. Milliseconds since the epoch. */
  pausedAt?: number | null;
  /** The forms that it waits for. */
  forms?: PendingForm[];
  /** Tokens of forms that were answered here. */
  answered?: string[];
  /** How often it was left waiting without a worker: these were no lost attempts. */
  leaves?: number;
}
