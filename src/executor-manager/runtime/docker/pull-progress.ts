import { isJsonObject } from '../../../common/text/json.js';

/** How much of a layer's work is its download; the rest is unpacking. */
const DOWNLOAD_SHARE = 0.6;

/** Computes the progress of a pull from the engine's messages about single layers. */
export class PullProgress {
  private readonly layers = new Map<string, number>();
  private highest = 0;

  /**
   * Reads one line of the engine's report.
   * @returns how much is done, from 0 to 1; never less than before, although layers become known on the way
   */
  update(line: unknown): number {
    if (!isJsonObject(line) || typeof line.id !== 'string' || typeof line.status !== 'string') return this.highest;
    const share = shareOf(line.status, fractionOf(line.progressDetail));
    if (share !== null) this.layers.set(line.id, Math.max(share, this.layers.get(line.id) ?? 0));
    if (this.layers.size > 0) {
      const sum = [...this.layers.values()].reduce((total, one) => total + one, 0);
      this.highest = Math.max(this.highest, sum / this.layers.size);
    }

    return this.highest;
  }
}

/** Null when the line is about no layer. */
function shareOf(status: string, fraction: number): number | null {
  switch (status) {
    case 'Pulling fs layer':
    case 'Waiting':
      return 0;
    case 'Downloading':
      return DOWNLOAD_SHARE * fraction;
    case 'Verifying Checksum':
    case 'Download complete':
      return DOWNLOAD_SHARE;
    case 'Extracting':
      return DOWNLOAD_SHARE + (1 - DOWNLOAD_SHARE) * fraction;
    case 'Pull complete':
    case 'Already exists':
      return 1;
    default:
      return null;
  }
}

/** Returns 0 where the registry does not send the size of the layer. */
function fractionOf(detail: unknown): number {
  if (!isJsonObject(detail) || typeof detail.current !== 'number' || typeof detail.total !== 'number') return 0;

  return detail.total > 0 ? Math.min(Math.max(detail.current / detail.total, 0), 1) : 0;
}
