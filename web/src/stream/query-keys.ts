/** Keys of what the live events of tasks keep true. */
export const tasksKey = ['tasks'] as const;
export const taskKey = (taskId: number) => ['tasks', taskId] as const;
export const conversationsKey = ['conversations'] as const;
