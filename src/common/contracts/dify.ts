import type { JsonObject } from '../text/json.js';

/** Kinds of Dify apps, by the names that `GET /info` gives them (`advanced-chat` is a chatflow). */
export const DIFY_MODES = ['chat', 'agent-chat', 'advanced-chat', 'agent', 'completion', 'workflow'] as const;
export type DifyMode = (typeof DIFY_MODES)[number];

/** Whether a value is the name of a known kind of app. */
export function isDifyMode(value: unknown): value is DifyMode {
  return (DIFY_MODES as readonly unknown[]).includes(value);
}

/** How to reach one app. The key is in clear, so this never goes into a log, reply or job. */
export interface DifyConnection {
  /** Ends with `/v1`, without a slash behind it. */
  baseUrl: string;
  /** Belongs to one app: Dify chooses the app by it. */
  apiKey: string;
  /** As the bot's owner wrote it; used as a name only. */
  appId: string | null;
  /** For servers too old to send it. */
  mode: DifyMode | null;
  /** Inputs of the app where neither prompt nor request contain others. */
  inputs: JsonObject;
}

/** What a file of a turn may be, and how it reaches Dify. */
export const FILE_TYPES = ['image', 'document', 'audio', 'video', 'custom'] as const;
export const TRANSFER_METHODS = ['remote_url', 'local_file'] as const;

/** A file of a turn, in the format of Dify's API. */
export interface DifyFile {
  type: (typeof FILE_TYPES)[number];
  transfer_method: (typeof TRANSFER_METHODS)[number];
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

/** Result of a stop: the run has ended, the stop was sent, or it could not be sent. */
export type DifyStop = 'confirmed' | 'sent' | 'failed';

/** A form that a run waits for. */
export interface PendingForm {
  token: string | null;
  nodeId: string;
  /** Milliseconds since the epoch; null when it never expires. */
  expiresAt: number | null;
}

/**
 * A run at Dify: what later attempts need to stop it, to join it, or to answer its forms. Stored as JSON with its subtask.
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
  /** Set while it waits for a person, null when it has continued. Milliseconds since the epoch. */
  pausedAt?: number | null;
  /** The forms that it waits for. */
  forms?: PendingForm[];
  /** Tokens of forms that were answered here. */
  answered?: string[];
  /** How often it waited without a worker: these do not count as lost attempts. */
  leaves?: number;
}
