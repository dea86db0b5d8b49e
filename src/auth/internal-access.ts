import { type CanActivate, type ExecutionContext, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import ipaddr from 'ipaddr.js';
import type { IncomingHttpHeaders } from 'node:http';
import { requestSignatureOf, type SignedRequest } from '../common/secrets/signature.js';
import { AppConfig } from '../config/app-config.js';
import { parseRawBody, rawBodyOf, SIGNATURE_HEADER } from '../infra/http/server/request-body.js';
import { bearerOf } from './auth-user.js';
import { isLoopback, isLoopbackHost } from '../common/loopback.js';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../common/app-error.js';
import { isSameSecret } from '../common/secrets/same-secret.js';
import { UsedSignatures } from '../infra/redis/used-signatures.js';

const TIMESTAMP_HEADER = 'x-conch-timestamp';
/** How far the clock of a signed request may be off. */
const WINDOW_SECONDS = 300;
/** Unix seconds; with a fraction, equal requests within a second have different signatures. */
const TIMESTAMP = /^\d{1,12}(\.\d{1,9})?$/;
/** An address proves nothing when the request came through a proxy, or from a page in a browser. */
const INDIRECT_HEADERS = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via', 'origin', 'sec-fetch-site'];

/** What the head of an internal request says of its caller. */
interface CallerHead {
  headers: IncomingHttpHeaders;
  /** Of the socket's other end. */
  address: string | undefined;
}

/** A caller of internal routes. */
export type InternalCaller = CallerHead & SignedRequest;

/** Decides who may call the routes of executors and their managers. */
@Injectable()
export class InternalAccess implements OnModuleInit {
  private readonly log = new Logger(InternalAccess.name);
  private readonly token: string | undefined;
  private readonly allowed: [ipaddr.IPv4 | ipaddr.IPv6, number][];
  private last = { address: '', isAllowed: false };

  constructor(
    private readonly config: AppConfig,
    private readonly used: UsedSignatures,
  ) {
    this.token = config.auth.internalToken;
    this.allowed = config.auth.internalAllow.map(toCidr);
  }

  onModuleInit(): void {
    if (this.config.auth.mode === 'off' || this.token) return;
    this.log.warn(
      'INTERNAL_API_TOKEN is not set: executor managers need no token on this machine. ' +
        'Set one when a reverse proxy runs here, too: its callers look the same',
    );
  }

  /**
   * Whether a caller has the token (as bearer, or by a signature made with it), or needs none because of its address. A
   * wrong token is refused from any address, and so is a signature that was used before.
   * @param now milliseconds since the epoch
   * @throws AppError service_unavailable
   */
  async admits(caller: InternalCaller, now = Date.now()): Promise<boolean> {
    if (this.token && isSigned(caller)) return this.admitsSignature(this.token, caller, now);

    return this.admitsHead(caller);
  }

  /** Whether a caller may be admitted once the body is there, by which a signature is decided. */
  mayAdmit(head: CallerHead): boolean {
    return (this.token !== undefined && isSigned(head)) || this.admitsHead(head);
  }

  private admitsHead(head: CallerHead): boolean {
    const { authorization } = head.headers;
    if (this.token && authorization !== undefined) return isSameSecret(bearerOf(authorization) ?? '', this.token);

    return this.admitsAddress(head);
  }

  private async admitsSignature(token: string, caller: InternalCaller, now: number): Promise<boolean> {
    const timestamp = textOf(caller.headers[TIMESTAMP_HEADER]);
    const signature = textOf(caller.headers[SIGNATURE_HEADER]).toLowerCase();
    const age = now / 1000 - Number(timestamp);
    // Always compared, so that the duration reveals nothing.
    const isRight = isSameSecret(signature, requestSignatureOf(token, timestamp, caller));
    if (!isRight || !TIMESTAMP.test(timestamp) || Math.abs(age) > WINDOW_SECONDS) return false;

    return this.used.use(signature, Math.ceil(WINDOW_SECONDS - age) + 1);
  }

  private admitsAddress({ headers, address }: CallerHead): boolean {
    if (!address || INDIRECT_HEADERS.some((name) => headers[name] !== undefined)) return false;
    if (this.isAllowed(address)) return true;

    return !this.token && isLoopback(address) && isLoopbackHost(headers.host ?? '');
  }

  /** Executor managers are few and report often, so the last address is nearly always the next one. */
  private isAllowed(address: string): boolean {
    if (this.last.address !== address) this.last = { address, isAllowed: this.isInAllowed(address) };

    return this.last.isAllowed;
  }

  private isInAllowed(address: string): boolean {
    if (!ipaddr.isValid(address)) return false;
    // Turns ::ffff:10.0.0.1 into 10.0.0.1.
    const parsed = ipaddr.process(address);

    return this.allowed.some(([network, bits]) => parsed.kind() === network.kind() && parsed.match(network, bits));
  }
}

/** The value of a header that may be sent once; several are joined, and fit nothing. */
const textOf = (header: string | string[] | undefined): string => String(header ?? '');

const isSigned = ({ headers }: CallerHead): boolean => headers[SIGNATURE_HEADER] !== undefined;

/** The refusal of every caller of internal routes: which part was wrong is not revealed. */
export function unknownCaller(): AppError {
  return new AppError('unauthorized', 'For executors only: send the internal token, or sign the request with it');
}

function toCidr(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  const address = ipaddr.process(text);

  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

/** Guards the routes of executors and their managers, which are `@Public()` for users. */
@Injectable()
export class InternalGuard implements CanActivate {
  constructor(private readonly access: InternalAccess) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { headers, socket, method, originalUrl: path } = request;
    const caller = { headers, address: socket.remoteAddress, method, path, body: rawBodyOf(request) };
    if (!(await this.access.admits(caller))) throw unknownCaller();
    await parseRawBody(request);

    return true;
  }
}
