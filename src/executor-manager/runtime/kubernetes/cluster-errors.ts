/** From failed calls of the API server to errors in fixed words. Pure. */
import { errorCode } from '../../../common/app-error.js';
import { DeadlineError, within } from '../../../common/async/within.js';
import { asText, isJsonObject, parseObject } from '../../../common/text/json.js';
import { firstPart } from '../../../common/text/text-cut.js';
import { EngineTrouble } from '../runtime-errors.js';

/** Of admission and authorization: `pods is forbidden: User "…" cannot create resource "pods/attach" in API group …` */
const CANNOT = /cannot (\w+) resource "([\w/.-]+)"/;
const QUOTA = /exceeded quota/i;
const POD_SECURITY = /violates PodSecurity/i;
/** The client library says nothing else of a refused WebSocket. */
const SOCKET_STATUS = /Unexpected server response: (\d{3})/;
const WHERE = 'see deploy/kubernetes';
const SHOWN_CHARS = 200;

/** HTTP status of the server's reply; undefined when there was none. */
export function replyStatus(error: unknown): number | undefined {
  if (!isJsonObject(error) && !(error instanceof Error)) return undefined;
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'number') return code;
  const status = SOCKET_STATUS.exec(asText(message) ?? '')?.[1];

  return status === undefined ? undefined : Number(status);
}

/** What a failed call means. Its cause has the server's own words, for the log. */
export function clusterFailure(error: unknown): EngineTrouble {
  if (error instanceof EngineTrouble) return error;
  if (error instanceof DeadlineError) return new EngineTrouble('engine_unavailable', LATE);
  const status = replyStatus(error);
  const cause = new Error(serverWords(error));
  if (status === undefined) {
    // What has no code was refused by the client library, for what KUBECONFIG says.
    const why = errorCode(error) ?? cause.message;

    return new EngineTrouble('engine_unavailable', `${LATE} (${firstPart(why, SHOWN_CHARS)})`, { cause });
  }
  const [code, message] = meaningOf(status, cause.message);

  return new EngineTrouble(code, message, { cause });
}

function meaningOf(status: number, words: string): [code: 'engine_unavailable' | 'internal', message: string] {
  if (status === 401)
    return ['engine_unavailable', 'The API server of Kubernetes does not accept the credentials of the manager'];
  if (status === 403) return ['engine_unavailable', refusal(words)];
  if (status === 429 || status >= 500)
    return ['engine_unavailable', `The API server of Kubernetes has trouble (HTTP ${status})`];

  return ['internal', `The API server of Kubernetes refused a call (HTTP ${status}); the log of the manager says why`];
}

function refusal(words: string): string {
  if (QUOTA.test(words)) return 'The quota of the namespace of executors is used up';
  if (POD_SECURITY.test(words))
    return `The pod security standard of the namespace forbids executors: it must be "baseline", ${WHERE}`;
  const [, verb, resource] = CANNOT.exec(words) ?? [];

  return verb === undefined || resource === undefined
    ? `The API server of Kubernetes refuses access, ${WHERE}`
    : missingRight(verb, resource);
}

/** Says that the role of the manager does not allow something. */
export function missingRight(verb: string, resource: string): string {
  return `The API server of Kubernetes does not let the executor manager ${verb} ${resource}: its role must allow that, ${WHERE}`;
}

/** The message of the reply's `Status`, else that of the error. */
function serverWords(error: unknown): string {
  const body = (error as { body?: unknown } | null)?.body;
  const status = typeof body === 'string' ? (parseObject(body) ?? { message: body }) : body;
  const message = isJsonObject(status) ? asText(status.message) : undefined;

  return message ?? (error instanceof Error ? error.message : String(error));
}

/** Longer than a busy server needs for any call but a watch. */
const PATIENCE_MS = 60_000;
const LATE = 'The API server of Kubernetes does not answer';

/** Waits for a call of the server. @throws EngineTrouble */
export async function clusterCall<T>(call: Promise<T>): Promise<T> {
  try {
    return await within(PATIENCE_MS, LATE, call);
  } catch (error) {
    throw clusterFailure(error);
  }
}

/** Waits for a call of the server. @returns null for a reply of that status @throws EngineTrouble */
export async function unlessStatus<T>(status: number, call: Promise<T>): Promise<T | null> {
  return clusterCall(
    call.catch((error: unknown) => {
      if (replyStatus(error) === status) return null;
      throw error;
    }),
  );
}
