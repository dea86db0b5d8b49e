import type { ImageReference } from '../image-reference.js';
import { isJsonObject, type JsonObject, parseJson } from '../text/json.js';

/** A log-in to a registry, in the format of the engine's API. */
export interface RegistryLogin {
  serveraddress: string;
  username?: string;
  password?: string;
  identitytoken?: string;
}

/** Log-ins by the host of a registry, or by a repository or a beginning of its path behind the host. */
export type RegistryAuth = ReadonlyMap<string, RegistryLogin>;

/**
 * Reads log-ins in the format of `~/.docker/config.json`: `{"auths":{"registry.example:5000":{"auth":"…"}}}`, with
 * `auth` (base64 of `user:password`), `username` and `password`, or `identitytoken`. Helper programs for credentials
 * are not asked. A name with a path, `registry.example/team`, is a log-in for that repository and those below it.
 * @throws Error whose message names no secret
 */
export function parseRegistryAuth(text: string): RegistryAuth {
  const parsed = parseJson(text);
  if (!isJsonObject(parsed) || !isJsonObject(parsed.auths)) throw new Error('must be JSON with an object "auths"');
  const logins = Object.entries(parsed.auths).map(([server, entry]): [string, RegistryLogin] => {
    const scope = scopeOf(server);
    const login = isJsonObject(entry) ? loginOf(scope.includes('/') ? hostOf(server) : server, entry) : null;
    if (!login) throw new Error(`has no auth, username and password, or identitytoken for "${server}"`);

    return [scope, login];
  });

  return new Map(logins);
}

/** Returns the log-in for an image: of the longest name that its own begins with. Null without one. */
export function loginFor(
  auth: RegistryAuth,
  { registry, repository }: Pick<ImageReference, 'registry' | 'repository'>,
) {
  const path = repository.split('/');
  for (let length = path.length; length >= 0; length -= 1) {
    const login = auth.get([registry.toLowerCase(), ...path.slice(0, length)].join('/'));
    if (login) return login;
  }

  return null;
}

function loginOf(serveraddress: string, entry: JsonObject): RegistryLogin | null {
  const { auth, username, password, identitytoken } = entry;
  if (typeof identitytoken === 'string' && identitytoken !== '') return { serveraddress, identitytoken };
  if (typeof username === 'string' && typeof password === 'string') return { serveraddress, username, password };
  const pair = typeof auth === 'string' ? Buffer.from(auth, 'base64').toString('utf8') : '';
  const colon = pair.indexOf(':');

  return colon < 1 ? null : { serveraddress, username: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

/** What a name is the log-in for. The paths of API versions, which Docker writes, are none. */
function scopeOf(server: string): string {
  const path = server.replace(/^https?:\/\//, '').replace(/^[^/]*/, '');
  const isVersion = /^\/(v\d+\/?)?$/.test(path);

  return `${hostOf(server)}${isVersion ? '' : path.replace(/\/+$/, '')}`;
}

/** Docker writes its own registry as `https://index.docker.io/v1/`. */
function hostOf(server: string): string {
  const host = server
    .replace(/^https?:\/\//, '')
    .replace(/\/.*$/, '')
    .toLowerCase();

  return host === 'index.docker.io' ? 'docker.io' : host;
}
