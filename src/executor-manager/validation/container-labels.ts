/** Labels of the containers that validations run in. */
export const LABELS = {
  /** Name of the manager that made it. */
  manager: 'conch.manager',
  /** Of the run that it belongs to. */
  run: 'conch.run',
  /** Milliseconds since the epoch after which nobody needs it, whoever made it. */
  expires: 'conch.expires',
} as const;
