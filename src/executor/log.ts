/** Writes what operators may read to stderr: one line each, without a known secret. */
export class Log {
  constructor(
    private readonly write: (line: string) => void,
    private readonly prefix = '',
    private readonly hide: Redactor = (text) => text,
  ) {}

  /** A log of the same output for one subtask, whose secrets it hides. */
  for(prefix: string, hide: Redactor): Log {
    return new Log(this.write, `${prefix}: `, hide);
  }

  line(message: string): void {
    this.write(`${new Date().toISOString()} ${this.prefix}${this.hide(message).replace(/\s+/g, ' ')}\n`);
  }
}

/** Replaces known secrets in a text. */
export type Redactor = (text: string) => string;

/** What is shorter is no secret, and would be found in many words. */
const MIN_SECRET = 6;

/** Returns a function that hides these texts, and their form in URLs. */
export function redactor(secrets: readonly string[]): Redactor {
  const parts = secrets
    .filter((secret) => secret.length >= MIN_SECRET)
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .sort((a, b) => b.length - a.length);

  return (text) => parts.reduce((hidden, secret) => hidden.replaceAll(secret, '***'), text);
}

/** What went wrong, in words. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
