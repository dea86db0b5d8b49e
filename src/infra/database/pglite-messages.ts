/** What the main thread asks of the database thread. */
export interface PgliteRequest {
  id: number;
  /** Null: close the database. */
  text: string | null;
  params: unknown[];
  rowMode: 'array' | 'object';
}

export interface PgliteReply {
  id: number;
  result?: { rows: unknown[]; fields: { name: string; dataTypeID: number }[]; affectedRows?: number };
  error?: { message: string; code?: string; constraint?: string; detail?: string };
}

/** Types that Drizzle wants as text: timestamp(tz), date, interval, and arrays of these and of numeric (their OIDs). */
export const RAW_TYPES = [1114, 1184, 1082, 1186, 1231, 1115, 1185, 1187, 1182];
