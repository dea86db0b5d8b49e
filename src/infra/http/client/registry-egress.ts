import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { AppError } from '../../../common/app-error.js';
import { type ImageReference, isRegistryAllowed } from '../../../common/image-reference.js';
import { EgressPolicy, type EgressOptions } from './egress.js';

/** Returns all addresses of a host; specs replace it. */
export type ResolveHost = (host: string) => Promise<readonly { address: string; family: number }[]>;

const resolveHost: ResolveHost = (host) => lookup(host, { all: true });

/**
 * Decides which registries the container engine may connect to on behalf of a user: those that are listed, and among these
 * no internal ones. A registry that the operator lists by its name may be internal.
 */
export class RegistryEgress {
  private readonly egress: EgressPolicy;

  constructor(
    /** Empty or with `*` all of them. */
    private readonly registries: readonly string[],
    egress: EgressOptions,
    private readonly resolve: ResolveHost = resolveHost,
  ) {
    const listed = registries.filter((name) => name !== '*').map(hostOf);
    this.egress = new EgressPolicy({ ...egress, allow: [...egress.allow, ...listed] });
  }

  /** Returns why a registry cannot be used, as far as its name says it; null when it does not. */
  problemOf({ registry }: Pick<ImageReference, 'registry'>): string | null {
    if (!isRegistryAllowed({ registry }, this.registries))
      return `is of the registry ${registry}; images may come from: ${this.registries.join(', ')}`;
    const host = hostOf(registry);
    const isInternal = isIP(host) !== 0 && !this.egress.allowsHost(host) && !this.egress.allowsAddress(host);

    return isInternal ? `is of the registry ${registry}, which is not a public one` : null;
  }

  /**
   * Returns why the engine may not connect to a registry, by its name and its addresses; null when it may.
   * @throws AppError service_unavailable when its name has no address
   */
  async refusalOf(image: Pick<ImageReference, 'registry'>): Promise<string | null> {
    const problem = this.problemOf(image);
    const host = hostOf(image.registry);
    if (problem !== null || isIP(host) !== 0 || this.egress.allowsHost(host)) return problem;
    const found = await this.resolve(host).catch(() => []);
    if (found.length === 0) throw new AppError('service_unavailable', `The registry ${image.registry} was not found`);
    // The engine chooses among all of them.
    const isPublic = found.every(({ address }) => this.egress.allowsAddress(address));

    return isPublic ? null : `is of the registry ${image.registry}, which is not a public one`;
  }
}

/** Host of a registry without its port and brackets. */
function hostOf(registry: string): string {
  return registry
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
}
