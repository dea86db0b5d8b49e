/** Which addresses the process may connect to on behalf of a user: a guard against server-side request forgery. */
import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { AppError } from '../../../common/app-error.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Cidr = [Address, number];

export interface EgressOptions {
  /** Host names, addresses and CIDRs that may be reached although they are not public. */
  allow: readonly string[];
  /** Whether 127.0.0.0/8 and ::1 may be reached. */
  allowLoopback: boolean;
}

/** The part of `dns.lookup` that is used; specs replace it. */
export type ResolveAll = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Today's global unicast block (IANA IPv6 address space registry): everything else is special or unassigned. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** IPv6 forms that carry an IPv4 address, with the byte where it begins: RFC 4291, RFC 6052, RFC 3056, RFC 4291 2.5.5.1. */
const EMBEDDED_IPV4: readonly (readonly [[ipaddr.IPv6, number], number])[] = [
  [ipaddr.IPv6.parseCIDR('::ffff:0:0/96'), 12],
  [ipaddr.IPv6.parseCIDR('64:ff9b::/96'), 12],
  [ipaddr.IPv6.parseCIDR('2002::/16'), 2],
  [ipaddr.IPv6.parseCIDR('::/96'), 12],
];
/** Azure's metadata and agent endpoint: a public address, reachable from virtual machines only. */
const AZURE_WIRE_SERVER = '168.63.129.16';

/**
 * Decides whether a host or address may be reached. Public unicast addresses may; everything else (private,
 * link-local with the clouds' metadata services, loopback, CGNAT, multicast, reserved, and IPv6 forms that embed
 * such an IPv4 address) only when a host name or CIDR of `allow` says so, or `allowLoopback` for loopback.
 */
export class EgressPolicy {
  private readonly hosts = new Set<string>();
  private readonly cidrs: Cidr[] = [];
  private readonly allowLoopback: boolean;

  constructor(options: EgressOptions) {
    this.allowLoopback = options.allowLoopback;
    for (const entry of options.allow) {
      const cidr = toCidr(entry.trim());
      if (cidr) this.cidrs.push(cidr);
      else if (entry.trim()) this.hosts.add(normalizeHost(entry));
    }
  }

  /** Whether every address of this host name may be reached. */
  allowsHost(host: string): boolean {
    return this.hosts.has(normalizeHost(host));
  }

  /** Whether this address may be reached; false for anything that is no address. */
  allowsAddress(address: string): boolean {
    if (isIP(address) === 0) return false;
    const parsed = ipaddr.parse(address);
    const forms = [parsed, ...embeddedIpv4(parsed)];

    if (forms.some((form) => this.cidrs.some((cidr) => matches(form, cidr)))) return true;
    const target = forms.at(-1) ?? parsed;
    if (target.range() === 'loopback') return this.allowLoopback;
    return isPublic(target);
  }

  /** Throws for a literal address that may not be reached. Node never calls `lookup` for one. */
  assertHost(host: string): void {
    const bare = normalizeHost(host);
    if (isIP(bare) !== 0 && !this.allowsHost(bare) && !this.allowsAddress(bare)) throw blocked(bare);
  }

  /** The addresses of a host that may be connected to; throws when there is none. */
  filter(host: string, addresses: readonly LookupAddress[]): LookupAddress[] {
    if (this.allowsHost(host)) return [...addresses];
    const allowed = addresses.filter(({ address }) => this.allowsAddress(address));
    if (allowed.length === 0) throw blocked(host);

    return allowed;
  }
}

/**
 * Returns a `lookup` for sockets that resolves only to allowed addresses. The socket connects to exactly the address that
 * was checked, so that a name cannot resolve differently a moment later (DNS rebinding).
 */
export function guardedLookup(policy: EgressPolicy, resolve: ResolveAll = dnsLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      let addresses: LookupAddress[];
      try {
        addresses = policy.filter(hostname, found);
      } catch (refusal) {
        return callback(refusal as Error, []);
      }
      const first = addresses[0];
      return options.all || !first ? callback(null, addresses) : callback(null, first.address, first.family);
    });
  };
}

function blocked(host: string): AppError {
  const message = `Connections to ${host} are not allowed: it is not a public address. List it in EGRESS_ALLOW to permit them.`;
  return new AppError('provider_blocked', message);
}

function normalizeHost(host: string): string {
  return host
    .trim()
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}

function toCidr(entry: string): Cidr | null {
  if (isIP(entry) !== 0) {
    const address = ipaddr.process(entry);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  }
  if (!entry.includes('/')) return null;
  if (!ipaddr.isValidCIDR(entry)) throw new Error(`EGRESS_ALLOW: "${entry}" is neither a host nor a CIDR`);

  return ipaddr.parseCIDR(entry);
}

function matches(address: Address, [network, bits]: Cidr): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

function embeddedIpv4(address: Address): ipaddr.IPv4[] {
  if (!(address instanceof ipaddr.IPv6)) return [];
  // :: and ::1 lie in the block of IPv4-compatible addresses but are addresses of their own.
  if (['unspecified', 'loopback'].includes(address.range())) return [];
  const bytes = address.toByteArray();

  return EMBEDDED_IPV4.filter(([cidr]) => address.match(cidr)).map(
    ([, start]) => new ipaddr.IPv4(bytes.slice(start, start + 4)),
  );
}

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  if (address instanceof ipaddr.IPv6) return address.match(GLOBAL_IPV6);
  return address.toString() !== AZURE_WIRE_SERVER;
}
