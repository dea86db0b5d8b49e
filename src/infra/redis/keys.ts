/** Prefix of all queue keys, with a hash tag because a queue's scripts use several of them at once. */
export const QUEUE_PREFIX = '{conch}';

/**
 * Every Redis key and channel of the project. The part in braces is the cluster's hash tag: keys with the same tag
 * live on the same node, so that one script may use them together.
 */
export const keys = {
  /** Redis Stream: the event log of one answer. Entry id = last sequence number in it. */
  stream: (subtaskId: number) => `chat:stream:{${subtaskId}}`,
  /** Hash: who may write the log, and how far it goes. */
  streamMeta: (subtaskId: number) => `chat:meta:{${subtaskId}}`,
  /** String: whole text up to the point from which the log was trimmed. */
  snapshot: (subtaskId: number) => `chat:snapshot:{${subtaskId}}`,
  /** Channel: the batches of the log, as they are appended. */
  live: (subtaskId: number) => `chat:live:{${subtaskId}}`,
  /** Hash: message id -> message, the conversation of a task. */
  history: (taskId: number) => `chat:history:{${taskId}}`,
  /** Hash: bot id -> the conversation that a task has with its app. */
  difyConversation: (taskId: number) => `dify:conversation:{${taskId}}`,
  /** Redis Stream: which tasks and subtasks of a user were changed, one entry per change. */
  taskEvents: (userId: number) => `task:events:{${userId}}`,
  /** Channel: the stream above has grown. */
  taskEventsLive: (userId: number) => `task:events:live:{${userId}}`,
  /** Hash: numbers and ids of an executor's reports of one offer; a hint only, the database decides. */
  executorReports: (subtaskId: number, offer: number) => `executor:reports:{${subtaskId}}:${offer}`,
  /** String: the executor manager has acknowledged the cancel of this subtask. */
  executorCancelAck: (subtaskId: number) => `executor:cancel-ack:{${subtaskId}}`,
  /** String: what a manager does before the executor of this subtask works; for the diagnosis. */
  executorStage: (subtaskId: number) => `executor:stage:{${subtaskId}}`,
  /** Sorted set: how the names of a manager's executors end -> when it last asked for work, in milliseconds. */
  executorManagers: 'executor:managers',
  /** Hash: cached row of an image validation. */
  validation: (id: string) => `shell:validation:{${id}}`,
  /** Channel: the hash above was changed. */
  validationLive: (id: string) => `shell:validation:live:{${id}}`,
  /** Prefix of counters: attempts or requests within a window of time. */
  rateLimit: (name: string) => `conch:limit:${name}`,
  /** String: a signed request was accepted, and is not again. */
  usedSignature: (signature: string) => `conch:signature:${signature}`,
  /** Channel: messages between processes, see `redis.bus.ts`. */
  bus: (topic: string) => `conch:bus:${topic}`,
} as const;
