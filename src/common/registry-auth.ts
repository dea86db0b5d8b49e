import { isJsonObject, type JsonObject, parseJson } from './json.js';

/** A log-in to a registry, in the format of the engine's API. */
export interface RegistryLogin {
  serveraddress: string;
  username?: string;
  password?: string;
  identitytoken?: string;
}

/** Log-ins by the host of the registry. */
export type RegistryAuth = ReadonlyMap<string, RegistryLogin>;

/**
 * Reads log-ins in the format of `~/.docker/config.json`: `{"auths":{"registry.example:5000":{"auth":"…"}}}`, with
 * `auth` (base64 of `user:password`), `username` and `password`, or `identitytoken`. Helper programs for credentials
 * are not asked.
 * @throws Error whose message names no secret
 */
export function parseRegistryAuth(text: string): RegistryAuth {
  const parsed = parseJson(text);
  if (!isJsonObject(parsed) || !isJsonObject(parsed.auths)) throw new Error('must be JSON with an object "auths"');
  const logins = Object.entries(parsed.auths).map(([server, entry]): [string, RegistryLogin] => {
    const login = isJsonObject(entry) ? loginOf(server, entry) : null;
    if (!login) throw new Error(`has no auth, username and password, or identitytoken for "${server}"`);

    return [hostOf(server), login];
  });

  return new Map(logins);
}

function loginOf(serveraddress: string, entry: JsonObject): RegistryLogin | null {
  const { auth, username, password, identitytoken } = entry;
  if (typeof identitytoken === 'string' && identitytoken !== '') return { serveraddress, identitytoken };
  if (typeof username === 'string' && typeof password === 'string') return { serveraddress, username, password };
  const pair = typeof auth === 'string' ? Buffer.from(auth, 'base64').toString('utf8') : '';
  const colon = pair.indexOf(':');

  return colon < 1 ? null : { serveraddress, username: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

/** Docker writes its own registry as `https://index.docker.io/v1/`. */
function hostOf(server: string): string {
  const host = server
    .replace(/^https?:\/\//, '')
    .replace(/\/.*$/, '')
    .toLowerCase();

  return host === 'index.docker.io' ? 'docker.io' : host;
}
