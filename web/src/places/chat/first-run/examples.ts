export type ExampleName = 'long' | 'steps' | 'person';

interface Example {
  name: ExampleName;
  /** A team of the demo: what its answer is like is part of the team. */
  team: string;
}

/** Questions to the teams of the demo: a long answer to stop and refresh, an app with steps, one that waits for a person. */
export const EXAMPLES: readonly Example[] = [
  { name: 'long', team: 'demo-guide' },
  { name: 'steps', team: 'demo-dify-steps' },
  { name: 'person', team: 'demo-dify-approval' },
];
