import type { Conversation } from '../../../api/conversations';

/** What the list shows: headings of days, and the conversations of each. */
export type ListRow = { heading: string } | { conversation: Conversation };

const DAY_MS = 86_400_000;
/** Days that are named by their distance; older ones by their month. */
const RECENT_DAYS = 7;

/** Groups conversations by the day of their newest activity, in the order of the list. */
export function groupByDay(conversations: readonly Conversation[], language: string, now: Date): ListRow[] {
  const rows: ListRow[] = [];
  let before: string | null = null;
  for (const conversation of conversations) {
    const heading = dayOf(new Date(conversation.last_activity_at), language, now);
    if (heading !== before) rows.push({ heading });
    before = heading;
    rows.push({ conversation });
  }

  return rows;
}

/** Returns "Today", "Yesterday", the name of a weekday, or a month. */
function dayOf(time: Date, language: string, now: Date): string {
  const days = Math.max(0, Math.round((startOfDay(now) - startOfDay(time)) / DAY_MS));
  if (days < 2) return capitalized(new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-days, 'day'));
  if (days < RECENT_DAYS) return capitalized(new Intl.DateTimeFormat(language, { weekday: 'long' }).format(time));
  const isThisYear = time.getFullYear() === now.getFullYear();

  return new Intl.DateTimeFormat(language, { month: 'long', ...(!isThisYear && { year: 'numeric' }) }).format(time);
}

const startOfDay = (time: Date) => new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();
const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
