export type ExampleName = 'long' | 'steps' | 'person';

interface Example {
  name: ExampleName;
  /** A team of the demo. */
  team: string;
  /** What the simulated provider is to do. */
  script: string;
}

/** Questions to the teams of the demo: a long answer to stop and refresh, an app with steps, one that waits for a person. */
export const EXAMPLES: readonly Example[] = [
  { name: 'long', team: 'demo-team', script: '[sim case=thinking reasoning=40 tokens=1200 rate=40]' },
  { name: 'steps', team: 'demo-dify-workflow', script: '[sim nodes=4 node_ms=900 tokens=60]' },
  { name: 'person', team: 'demo-dify-workflow', script: '[sim case=human-input tokens=40]' },
];
