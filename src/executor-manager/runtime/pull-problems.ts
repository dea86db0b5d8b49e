import { DISK_FULL, MISSING, OTHER_PLATFORM, REFUSED, REGISTRY_DOWN } from '../../common/text/engine-words.js';
import { EngineTrouble, ImageProblem } from './runtime-errors.js';

const DAMAGED = /unsupported|invalid tar header|archive\/tar|invalid (image|manifest)|not a valid/i;

/**
 * What an engine's words for a failed pull say about the image, or about the way to it: in fixed words, as those of the
 * engine name internal addresses and what answers there. Pure.
 * @param platform of the engine
 */
export function pullProblem(text: string, image: string, platform: string): ImageProblem | EngineTrouble {
  if (DISK_FULL.test(text)) return new EngineTrouble('disk_full', 'The container engine has no room left');
  if (OTHER_PLATFORM.test(text))
    return new ImageProblem(`${image} has no variant for the engine's platform, ${platform}`);
  if (REFUSED.test(text)) {
    return new ImageProblem(
      `The registry of ${image} refuses access: there is no such image, or its credentials are missing or wrong`,
    );
  }
  if (MISSING.test(text)) return new ImageProblem(`${image} was not found in its registry`);
  if (REGISTRY_DOWN.test(text))
    return new EngineTrouble('registry_unavailable', `The registry of ${image} does not answer as it should`);
  if (DAMAGED.test(text)) return new ImageProblem(`The engine cannot unpack ${image}`);

  return new EngineTrouble('internal', `${image} could not be pulled; the log of the executor manager says why`);
}
