import { Injectable } from '@nestjs/common';
import {
  type ImageReference,
  ImageReferenceError,
  isRegistryAllowed,
  parseImageReference,
} from '../common/image-reference.js';
import { AppConfig } from '../config/app-config.js';
import { invalid } from '../infra/http/server/validation.pipe.js';

/** Decides which images users may use. */
@Injectable()
export class ImagePolicy {
  private readonly registries: readonly string[];

  constructor({ images }: AppConfig) {
    this.registries = images.registries;
  }

  /** @throws AppError validation_failed with what is wrong with the text in that field */
  parse(field: string, text: string): ImageReference {
    const image = read(field, text);
    if (isRegistryAllowed(image, this.registries)) return image;
    const known = this.registries.join(', ');
    throw invalid([
      { field, message: `${field} is of the registry ${image.registry}; images may come from: ${known}` },
    ]);
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
