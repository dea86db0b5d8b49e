/** Reads what runc, crun and the loaders of C libraries say when they cannot run a program. Pure. */
import { ImageProblem } from '../runtime/runtime-errors.js';
import type { CheckState } from '../runtime/check-runtime.js';

/** e.g. `linux/amd64`. */
export interface Platforms {
  engine: string;
  /** As the image's maker says, which need not be true of every file in it. */
  image: string;
}

const SHELL = '/bin/sh';
const NOT_FOUND = /executable file .*not found|stat \S+: no such file or directory/i;
const FORBIDDEN = /permission denied/i;
const OTHER_PROCESSOR = /exec format error/i;
/** The program is there; what it is run by is not. */
const NO_LOADER = /exec(?: container process)? \S+: no such file or directory|exec user process.*no such file/i;
const NO_LIBRARY = /error while loading shared libraries: ([^\s:]+)|error loading shared library ([^\s:]+)/i;
const NO_USER = /unable to find (?:user|group) \S+/i;
/** The runtime could not run the command; anything else is trouble of the engine's own. */
const ABOUT_COMMAND = /exec: |\/bin\/sh/;

/** Why a program could not be run, if that is what its output says; else null. */
export function programProblem(program: string, text: string, platforms: Platforms): string | null {
  if (OTHER_PROCESSOR.test(text)) return `${program} is built for another processor: ${described(platforms)}`;
  const library = NO_LIBRARY.exec(text);
  if (library) return `${program} needs the library ${library[1] ?? library[2] ?? ''}, which the image does not have`;
  if (NOT_FOUND.test(text)) return `${program} was not found in the image`;
  if (NO_LOADER.test(text)) {
    return `${program} is there, but what loads it is not: the C library it was built for, or the interpreter of a script`;
  }

  return FORBIDDEN.test(text) ? `${program} cannot be executed: permission denied` : null;
}

/** What the engine's refusal to start the shell says about the image; null when it is about something else. */
export function startProblem(text: string, platforms: Platforms): ImageProblem | null {
  const user = NO_USER.exec(text)?.[0];
  if (user !== undefined) return new ImageProblem(`The image's USER does not exist in it: ${user}`);
  if (!ABOUT_COMMAND.test(text)) return null;
  if (NOT_FOUND.test(text) && !OTHER_PROCESSOR.test(text)) {
    return new ImageProblem(
      `The image has no shell: there is no ${SHELL}. Build on an image that has one, not on scratch or a distroless one`,
    );
  }
  const problem = programProblem(SHELL, text, platforms);

  return problem === null ? null : new ImageProblem(problem);
}

/** Why an image whose shell should wait for work has ended instead. */
export function exitProblem({ exitCode, isOutOfMemory, log }: CheckState, platforms: Platforms): ImageProblem {
  const problem = exitCode === 0 ? null : programProblem(SHELL, log, platforms);
  if (problem !== null) return new ImageProblem(problem, log);
  if (isOutOfMemory) return new ImageProblem('The container ran out of memory', log);

  return new ImageProblem(
    `The container ends at once, with status ${exitCode}: its ${SHELL} does not wait for work`,
    log,
  );
}

function described({ engine, image }: Platforms): string {
  return image === engine ? `the engine runs ${engine}` : `the image is for ${image}, the engine runs ${engine}`;
}
