/** What is wrong with the name of an image, and at which character. */
export interface ImageProblem {
  code: 'space' | 'scheme' | 'upperCase' | 'character' | 'path' | 'tag' | 'digest';
  /** Index in the text. */
  at: number;
}

const PATH_COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^(?:sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})$/;

/**
 * Reads the name of an image as it is typed, by the grammar of the OCI distribution project; the server has the last word.
 * @returns null for a name without mistakes, and for an empty text
 */
export function imageProblem(text: string): ImageProblem | null {
  if (text === '') return null;
  const space = text.search(/\s/);
  if (space >= 0) return { code: 'space', at: space };
  if (/^[a-z]+:\/\//i.test(text)) return { code: 'scheme', at: 0 };
  const digestAt = text.indexOf('@');
  const named = digestAt < 0 ? text : text.slice(0, digestAt);

  return (
    nameProblem(named) ??
    (digestAt >= 0 && !DIGEST.test(text.slice(digestAt + 1)) ? { code: 'digest', at: digestAt + 1 } : null)
  );
}

function nameProblem(named: string): ImageProblem | null {
  const pathAt = registryLength(named);
  const tagAt = named.indexOf(':', Math.max(pathAt, named.lastIndexOf('/') + 1));
  const path = named.slice(pathAt, tagAt < 0 ? undefined : tagAt);

  return (
    pathProblem(path, pathAt) ??
    (tagAt >= 0 && !TAG.test(named.slice(tagAt + 1)) ? { code: 'tag', at: tagAt + 1 } : null)
  );
}

/** Length of the registry with its slash; 0 for short names. */
function registryLength(named: string): number {
  const slash = named.indexOf('/');
  const first = named.slice(0, Math.max(slash, 0));

  return /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase() ? slash + 1 : 0;
}

function pathProblem(path: string, offset: number): ImageProblem | null {
  const upper = path.search(/[A-Z]/);
  if (upper >= 0) return { code: 'upperCase', at: offset + upper };
  const strange = path.search(/[^a-z0-9._/-]/);
  if (strange >= 0) return { code: 'character', at: offset + strange };
  let at = offset;
  for (const component of path.split('/')) {
    if (!PATH_COMPONENT.test(component)) return { code: 'path', at };
    at += component.length + 1;
  }

  return null;
}
