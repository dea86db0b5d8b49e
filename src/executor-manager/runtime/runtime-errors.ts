import { firstPart } from '../../common/text/text-cut.js';
import type { TroubleCode } from '../../common/contracts/image-validation.js';

/** The image cannot be used: a verdict. Its message is for the owner of the image. */
export class ImageProblem extends Error {
  constructor(
    message: string,
    readonly logTail?: string,
  ) {
    super(message);
    this.name = 'ImageProblem';
  }
}

/** The engine, the registry or the way to them failed, which says nothing about the image. It may be tried again. */
export class EngineTrouble extends Error {
  constructor(
    readonly code: TroubleCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'EngineTrouble';
  }
}

/** Returns the engine's own words for what has failed: for the log and for conclusions, not for replies. */
export function engineWords(error: unknown): string {
  return engineText(error instanceof EngineTrouble && error.cause !== undefined ? error.cause : error);
}

/** An error of an engine in one line; dockerode puts the status before it. */
export function engineText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const text = message.replace(/^\(HTTP code \d+\) [^-]*- /, '').replaceAll(/\s+/g, ' ');

  return firstPart(text.trim(), 500);
}
