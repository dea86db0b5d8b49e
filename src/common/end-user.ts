/** How providers know a user: stable, so that Dify finds their files and conversations again, and without a name. */
export function endUserOf(userId: number): string {
  return `conch-${userId}`;
}
