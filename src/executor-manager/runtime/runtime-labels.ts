/** Labels of containers and volumes. */
export const LABELS = {
  /** Name of the manager that made it. */
  manager: 'conch.manager',
  /** Of the validation that a container belongs to. */
  run: 'conch.run',
  /** Milliseconds since the epoch after which any manager may remove the container of a validation. */
  expires: 'conch.expires',
  /** Name of the executor that a container is. */
  executor: 'conch.executor',
  /** Task that a container or a workspace belongs to. */
  task: 'conch.task',
  /** `chat` or `code`, for the time that it may be idle. */
  taskType: 'conch.task-type',
  /** Canonical name of the image of an executor. */
  image: 'conch.image',
  /** Content of a volume with the program of executors: its hash. */
  files: 'conch.files',
} as const;
