/** What container engines, and managers that pass their words on, say of trouble that has nothing to do with an image. */
import type { TroubleCode } from '../contracts/image-validation.js';

export const DISK_FULL = /no space left on device|disk quota exceeded|not enough (disk )?space/i;
export const REGISTRY_DOWN =
  /toomanyrequests|too many requests|rate limit|no such host|name resolution|server misbehaving|dial tcp|proxyconnect|no route to host|i\/o timeout|handshake timeout|timeout exceeded|deadline exceeded|context canceled|connection (refused|reset|timed out)|network is unreachable|x509|tls: |HTTP response to HTTPS client|unexpected EOF|: EOF|verification failed|unexpected (HTTP )?status|50[0234] /i;
/** The registry has answered: what it says of the image is a verdict. */
export const OTHER_PLATFORM =
  /no matching manifest|does not match the specified platform|operating system .* cannot be used|no match for platform/i;
export const REFUSED =
  /unauthorized|authentication required|access denied|access to the resource is denied|requested access|no basic auth|insufficient_scope|authorization failed|403 forbidden/i;
export const MISSING = /manifest unknown|manifest for .* not found|name unknown|not found|does not exist/i;
const TOO_MANY = /toomanyrequests|too many requests|rate limit/i;
const ENGINE_DOWN = /cannot connect to the docker daemon|is the docker daemon running|docker\.sock/i;
/** Of Wegent's manager: its own resources, not those of the image. */
const MANAGER_BUSY =
  /container name .* is already in use|port is already allocated|address already in use|no available ports|timed out/i;

/** A reason why nothing is known about an image. */
export interface EngineTroubleWords {
  code: TroubleCode;
  message: string;
}

/** In fixed words: those of engines name internal addresses, and what answers there. */
const REGISTRY: EngineTroubleWords = {
  code: 'registry_unavailable',
  message: 'The registry could not be reached, or does not answer as it should: nothing is known about the image',
};
const DISK: EngineTroubleWords = { code: 'disk_full', message: 'The container engine has no room left' };
const ENGINE: EngineTroubleWords = { code: 'engine_unavailable', message: 'The container engine does not answer' };
const MANAGER: EngineTroubleWords = {
  code: 'internal',
  message: 'The executor manager could not start a container: nothing is known about the image',
};

/** Returns the trouble that the words of a failed start describe; null when they speak of the image itself. */
export function engineTroubleIn(text: string): EngineTroubleWords | null {
  if (TOO_MANY.test(text)) return REGISTRY;
  if (DISK_FULL.test(text)) return DISK;
  if (ENGINE_DOWN.test(text)) return ENGINE;
  if (MANAGER_BUSY.test(text)) return MANAGER;
  if ([OTHER_PLATFORM, REFUSED, MISSING].some((words) => words.test(text))) return null;

  return REGISTRY_DOWN.test(text) ? REGISTRY : null;
}
