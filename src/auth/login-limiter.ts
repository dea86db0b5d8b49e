import { Injectable, Logger } from '@nestjs/common';
import ipaddr from 'ipaddr.js';
import { Counter } from 'prom-client';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { createHash } from 'node:crypto';
import { AppError } from '../common/app-error.js';
import { FailureLimit } from '../infra/rate-limit/failure-limit.js';
import { RateLimits } from '../infra/rate-limit/rate-limits.js';

const HOUR_SECONDS = 3600;
/** How long an address remains known for a user who logged in from there. */
const KNOWN_SECONDS = 14 * 24 * HOUR_SECONDS;
const ALL = 'all';

const delayed = new Counter({
  name: 'conch_logins_delayed_total',
  help: 'Log-ins refused because of failures of the same name and address, of the address, or of all',
  labelNames: ['because'],
});

export interface LoginAttempt {
  userName: string;
  /** Of the client, see TRUST_PROXY. */
  address: string;
}

type Step = readonly [because: string, limit: FailureLimit, key: string];

/**
 * Slows down the guessing of passwords: failures of one name from one address, of one address with any names, and of all
 * addresses together delay further attempts. A user who logged in from an address before is delayed there by failures of
 * that name from that address only, and briefly: guesses of others elsewhere do not lock the user out.
 */
@Injectable()
export class LoginLimiter {
  private readonly log = new Logger(LoginLimiter.name);
  private readonly known: RateLimiterAbstract;
  private readonly byKnownName: FailureLimit;
  private readonly byName: FailureLimit;
  private readonly byAddress: FailureLimit;
  private readonly byAll: FailureLimit;

  constructor(limits: RateLimits) {
    const create = (name: string, free: number, windowSeconds: number, maxDelaySeconds: number, warning?: string) =>
      new FailureLimit(limits, {
        ...{ name: `login:${name}`, free, windowSeconds, maxDelaySeconds },
        ...(warning && { onReached: (key) => this.log.warn(`${warning} (${key}): further ones are delayed`) }),
      });
    this.known = limits.create({ name: 'login:known', points: 1, seconds: KNOWN_SECONDS });
    this.byKnownName = create('known-name', 5, HOUR_SECONDS, 30);
    this.byName = create('name', 5, HOUR_SECONDS, 300);
    this.byAddress = create('address', 20, HOUR_SECONDS, 60, 'Many failed log-ins from one address');
    this.byAll = create('all', 120, 60, 1, 'Many failed log-ins from many addresses');
  }

  /**
   * Runs the check of a password.
   * @param check returns null for a wrong password; learns whether the user has logged in from this address before
   * @throws AppError too_many_logins, and what the check throws
   */
  async attempt<T>(login: LoginAttempt, check: (isKnown: boolean) => Promise<T | null>): Promise<T | null> {
    const network = networkOf(login.address);
    const name = digest(`${network} ${login.userName.toLowerCase()}`);
    const isKnown = (await this.known.get(name)) !== null;
    const steps = await this.begin(this.stepsOf(isKnown, name, network));
    try {
      const result = await check(isKnown);
      if (result !== null) await this.succeed(name, steps);

      return result;
    } catch (error) {
      await refund(steps);
      throw error;
    }
  }

  private stepsOf(isKnown: boolean, name: string, network: string): Step[] {
    if (isKnown) return [['name', this.byKnownName, name]];

    return [
      ['name', this.byName, name],
      ['address', this.byAddress, network],
      ['all', this.byAll, ALL],
    ];
  }

  /** Counts the attempt in all steps, or in none. @throws AppError too_many_logins */
  private async begin(steps: readonly Step[]): Promise<readonly Step[]> {
    for (const [index, [because, limit, key]] of steps.entries()) {
      const retryAfter = await limit.begin(key);
      if (retryAfter === 0) continue;
      delayed.inc({ because });
      await refund(steps.slice(0, index));
      throw new AppError('too_many_logins', `Too many failed logins: try again in ${retryAfter} s`, { retryAfter });
    }

    return steps;
  }

  private async succeed(name: string, steps: readonly Step[]): Promise<void> {
    await refund(steps);
    const forgotten = [this.byKnownName, this.byName].map((limit) => limit.forget(name));
    await Promise.all([...forgotten, this.known.set(name, 1, KNOWN_SECONDS)]);
  }
}

async function refund(steps: readonly Step[]): Promise<void> {
  await Promise.all(steps.map(([, limit, key]) => limit.refund(key)));
}

const digest = (text: string) => createHash('sha256').update(text).digest('base64url');

/** Returns the address of IPv4, and the network of 64 bits of IPv6, which one client has as a whole. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  // Turns ::ffff:10.0.0.1 into 10.0.0.1.
  const parsed = ipaddr.process(address);
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString();

  return `${new ipaddr.IPv6([...parsed.parts.slice(0, 4), 0, 0, 0, 0]).toString()}/64`;
}
