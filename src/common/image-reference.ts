/** Names of container images by the grammar of the OCI distribution project, familiar short names included. Pure. */

/** An image by its parts. */
export interface ImageReference {
  /** Host of the registry with its port, if it has one; `docker.io` for short names. */
  registry: string;
  /** Path within the registry, e.g. `library/node`. */
  repository: string;
  /** Null when only a digest was given; `latest` when neither was. */
  tag: string | null;
  /** e.g. `sha256:…`. */
  digest: string | null;
  /** The full name, the same for every way to write it: `docker.io/library/node:22`. */
  canonical: string;
}

/** Its message says what is wrong, for the author of the reference. */
export class ImageReferenceError extends Error {
  override readonly name = 'ImageReferenceError';
}

/** More than the longest name, tag and digest together. */
export const MAX_IMAGE_LENGTH = 600;
const MAX_NAME_LENGTH = 255;
const MAX_PORT = 65_535;

const DEFAULT_REGISTRY = 'docker.io';
const DEFAULT_TAG = 'latest';
/** Before there was `docker.io`. */
const OLD_DEFAULT_REGISTRY = 'index.docker.io';

const HOST_LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const REGISTRY = new RegExp(`^(?:${HOST_LABEL}(?:\\.${HOST_LABEL})*|\\[[a-fA-F0-9:]+\\])(?::(\\d+))?$`);
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const IMAGE_ID = /^[a-f0-9]{64}$/;
/** Hex digits of the algorithms that container engines know. */
const DIGEST_LENGTHS: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
]);

/** Parses a reference. @throws ImageReferenceError when the text is none */
export function parseImageReference(text: string): ImageReference {
  refuseStrange(text);
  const [named, digest] = cutDigest(text);
  const { registry, path: tagged } = cutRegistry(named);
  const [path, tag] = cutTag(tagged);
  const repository = registry === DEFAULT_REGISTRY && !path.includes('/') ? `library/${path}` : path;
  checkRegistry(registry);
  checkRepository(repository, registry);
  const shownTag = tag ?? (digest === null ? DEFAULT_TAG : null);
  const canonical = `${registry}/${repository}${shownTag === null ? '' : `:${shownTag}`}${digest === null ? '' : `@${digest}`}`;

  return { registry, repository, tag: shownTag, digest, canonical };
}

/** Whether a list of registries lets an image in; an empty list and `*` let all in. Case does not count, as in DNS. */
export function isRegistryAllowed({ registry }: Pick<ImageReference, 'registry'>, allowed: readonly string[]): boolean {
  return allowed.length === 0 || allowed.some((name) => name === '*' || name.toLowerCase() === registry.toLowerCase());
}

/** Rejects texts that are no references, with a hint for common mistakes. */
function refuseStrange(text: string): void {
  if (text === '') throw new ImageReferenceError('is empty');
  if (text.length > MAX_IMAGE_LENGTH)
    throw new ImageReferenceError(`must not be longer than ${MAX_IMAGE_LENGTH} characters`);
  if (/\s/.test(text)) throw new ImageReferenceError('must not contain white space');
  if (/^[a-z]+:\/\//i.test(text)) throw new ImageReferenceError('must not begin with a scheme: leave out "https://"');
  if (IMAGE_ID.test(text)) throw new ImageReferenceError('is the id of an image: a name is needed');
}

function cutDigest(text: string): [named: string, digest: string | null] {
  const at = text.indexOf('@');
  if (at < 0) return [text, null];
  const digest = text.slice(at + 1);
  const [algorithm = '', hex = ''] = digest.split(':', 2);
  const length = DIGEST_LENGTHS.get(algorithm);
  if (length === undefined)
    throw new ImageReferenceError(`has a digest that is not one of ${[...DIGEST_LENGTHS.keys()].join(', ')}`);
  if (digest !== `${algorithm}:${hex}` || hex.length !== length || !/^[a-f0-9]+$/.test(hex))
    throw new ImageReferenceError(`has a digest that is not ${length} hex digits in lower case after "${algorithm}:"`);

  return [text.slice(0, at), digest];
}

/** The first component is a registry if it could be none of Docker Hub's users. */
function cutRegistry(named: string): { registry: string; path: string } {
  const at = named.indexOf('/');
  const first = named.slice(0, Math.max(at, 0));
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  if (!isHost) return { registry: DEFAULT_REGISTRY, path: named };

  return { registry: first === OLD_DEFAULT_REGISTRY ? DEFAULT_REGISTRY : first, path: named.slice(at + 1) };
}

function cutTag(tagged: string): [path: string, tag: string | null] {
  const at = tagged.indexOf(':', tagged.lastIndexOf('/') + 1);
  if (at < 0) return [tagged, null];
  const tag = tagged.slice(at + 1);
  if (!TAG.test(tag))
    throw new ImageReferenceError(
      `has the tag "${tag}": tags are 1 to 128 letters, digits, "_", "." or "-", and begin with none of the last two`,
    );

  return [tagged.slice(0, at), tag];
}

function checkRegistry(registry: string): void {
  const match = REGISTRY.exec(registry);
  if (!match) throw new ImageReferenceError(`has the registry "${registry}", which is not host or host:port`);
  const port = match[1];
  if (port !== undefined && (Number(port) > MAX_PORT || Number(port) === 0))
    throw new ImageReferenceError(`has the port ${port}: ports are 1 to ${MAX_PORT}`);
}

function checkRepository(repository: string, registry: string): void {
  if (repository.length + registry.length + 1 > MAX_NAME_LENGTH)
    throw new ImageReferenceError(`has a name of more than ${MAX_NAME_LENGTH} characters`);
  if (repository !== repository.toLowerCase())
    throw new ImageReferenceError(`has the repository "${repository}": repositories are in lower case`);
  const wrong = repository.split('/').find((component) => !PATH_COMPONENT.test(component));
  if (wrong !== undefined)
    throw new ImageReferenceError(
      `has the repository "${repository}": between its slashes there must be letters and digits, separated by ".", "_", "__" or "-"`,
    );
}
