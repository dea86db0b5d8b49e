import type { TeamMember } from '../infra/database/schema/schema.js';

/** A public team of a seed file. */
export interface TeamSeed {
  name: string;
  namespace: string;
  displayName: string | null;
  mode: string;
  members: TeamMember[];
}
