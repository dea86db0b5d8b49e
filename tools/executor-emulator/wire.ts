// What goes over the wire between the backend, an executor manager and its executors.

/** A subtask as the backend hands it out; only the fields that are read here. */
export interface DispatchedSubtask {
  subtask_id: number;
  subtask_next_id: number | null;
  task_id: number;
  type: string;
  /** Set when a container has it already: that of the turn before. */
  executor_name: string | null;
  executor_namespace: string | null;
  subtask_title: string;
  task_title: string;
  user: { id: number; name: string };
  bot: { id: number; name: string; system_prompt: string }[];
  mode: string;
  prompt: string;
  status: string;
  /** With which the executor reports on this subtask. */
  auth_token?: string;
}

/** An answer, or the part of it that exists so far. */
export interface ReportResult {
  value: string;
  thinking: { title: string; next_action: string; details: object }[];
}

/** What an executor says of a subtask; lies are allowed, so nothing here is checked. */
export interface ReportFields {
  status: string;
  /** Percent. */
  progress: number;
  result?: ReportResult;
  error_message?: string;
  /** Another subtask than its own. */
  subtask_id?: number;
}

/** The body of a callback. */
export interface Report extends ReportFields {
  task_id: number;
  subtask_id: number;
  task_title: string;
  subtask_title: string;
  executor_name: string;
  executor_namespace: string;
  seq?: number;
  event_id?: string;
}
