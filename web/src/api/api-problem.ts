/** The reply to a refused request, or no reply at all (`status` 0). */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    /** Stable, snake_case; `unreachable` when there was no reply. */
    readonly code: string,
    message: string,
    readonly requestId: string | null = null,
    /** What is wrong with which field. */
    readonly fields: readonly { field: string; message: string }[] = [],
    /** Seconds after which asking again makes sense. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
    this.name = 'ApiProblem';
  }

  /** Whether the same request may succeed later. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** There was no reply. */
export const unreachable = () => new ApiProblem(0, 'unreachable', 'The server cannot be reached.');

/** Reads a refusal as the API writes it; a proxy's own page becomes a sentence with its status. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const body = toRecord(await response.json().catch(() => null));
  const message = textOf(body['message']) ?? `HTTP ${response.status}`;
  const retryAfter = Number(response.headers.get('retry-after'));

  return new ApiProblem(
    response.status,
    textOf(body['code']) ?? `http_${response.status}`,
    message,
    textOf(body['request_id']) ?? response.headers.get('x-request-id'),
    Array.isArray(body['errors']) ? (body['errors'] as { field: string; message: string }[]) : [],
    retryAfter > 0 ? retryAfter : null,
  );
}

const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);

const toRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
