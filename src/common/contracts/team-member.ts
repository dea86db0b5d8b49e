/** A member of a team, as it is stored. */
export interface TeamMember {
  bot_id: number;
  bot_prompt: string;
  role: string;
}
