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
