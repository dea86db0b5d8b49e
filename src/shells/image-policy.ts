import { Injectable } from '@nestjs/common';
import { type ImageReference, ImageReferenceError, parseImageReference } from '../common/image-reference.js';
import { AppConfig } from '../config/app-config.js';
import { RegistryEgress } from '../infra/http/client/registry-egress.js';
import { invalid } from '../infra/http/server/validation.pipe.js';

/** Decides which images users may use. */
@Injectable()
export class ImagePolicy {
  private readonly registries: RegistryEgress;

  constructor({ images, egress }: AppConfig) {
    this.registries = new RegistryEgress(images.registries, egress);
  }

  /**
   * Reads an image by its name; the executor manager also looks at the addresses of its registry, as it is the engine that
   * connects to them.
   * @throws AppError validation_failed with what is wrong with the text in that field
   */
  parse(field: string, text: string): ImageReference {
    const image = read(field, text);
    const problem = this.registries.problemOf(image);
    if (problem === null) return image;
    throw invalid([{ field, message: `${field} ${problem}` }]);
  }
}

function read(field: string, text: string): ImageReference {
  try {
    return parseImageReference(text);
  } catch (error) {
    if (!(error instanceof ImageReferenceError)) throw error;
    throw invalid([{ field, message: `${field} ${error.message}` }]);
  }
}
