import { type DynamicModule, Global, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { AuthModule } from '../../../src/auth/auth.module.js';
import { loadConfig } from '../../../src/config/app-config.js';
import { AppConfigModule } from '../../../src/config/config.module.js';
import { CacheInvalidationModule } from '../../../src/infra/cache/cache-invalidation.js';
import { CryptoModule } from '../../../src/infra/crypto/crypto.module.js';
import { DB, type Db, type OpenDatabase } from '../../../src/infra/database/database.js';
import { DATABASE } from '../../../src/infra/database/database.module.js';
import { EmbeddedSimulator } from '../../../src/infra/embedded/embedded-simulator.js';
import { configureHttp, createAdapter } from '../../../src/infra/http/server/configure-http.js';
import { ProbeSlots } from '../../../src/infra/rate-limit/probe-slots.js';
import { RateLimits } from '../../../src/infra/rate-limit/rate-limits.js';
import { ProcessSignatures, UsedSignatures } from '../../../src/infra/redis/used-signatures.js';
import { openTestDatabase } from '../stores/database.js';
import { type RawReply, send } from '../http-send.js';

/** Opening a database takes a second, and several on a machine with other work. */
/** A reply with its parsed JSON body, whose shape the test knows. */
export interface Reply<T> {
  status: number;
  headers: RawReply['headers'];
  body: T;
}

export interface ErrorReply {
  statusCode: number;
  code: string;
  message: string;
  detail: string;
  request_id: string;
  errors?: { field: string; message: string }[];
}

interface CallOptions {
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Some feature modules as a listening app on an embedded database. */
export class FeatureApp {
  constructor(
    readonly app: NestFastifyApplication,
    readonly db: Db,
    private readonly cleanUp: () => Promise<void>,
  ) {}

  async call<T = Record<string, unknown>>(call: string, options: CallOptions = {}): Promise<Reply<T>> {
    const [method = 'GET', path = '/'] = call.split(' ');
    const { token, body, headers } = options;
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const reply = await this.send(method, path, payload, {
      ...(payload !== undefined && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    });

    return { ...reply, body: (reply.text ? JSON.parse(reply.text) : null) as T };
  }

  /** Any bytes with any headers. */
  send(
    method: string,
    path: string,
    payload: string | Buffer | undefined,
    headers: Record<string, string>,
  ): Promise<RawReply> {
    const { port } = this.app.getHttpServer().address() as AddressInfo;
    const length = Buffer.byteLength(payload ?? '');
    const known = { host: `127.0.0.1:${port}`, ...(payload !== undefined && { 'content-length': String(length) }) };

    return send(port, { method, path: `/api${path}`, payload, headers: { ...known, ...headers } });
  }

  /** The error reply of a call that is expected to fail. */
  fail(call: string, options: CallOptions = {}): Promise<Reply<ErrorReply>> {
    return this.call<ErrorReply>(call, options);
  }

  async token(userName: string, password: string): Promise<string> {
    const { body } = await this.call<{ access_token: string }>('POST /auth/login', {
      body: { user_name: userName, password },
    });

    return body.access_token;
  }

  /** A new user's token. */
  async addUser(adminToken: string, userName: string): Promise<string> {
    const password = `password of ${userName}`;
    await this.call('POST /users', { token: adminToken, body: { user_name: userName, password } });

    return this.token(userName, password);
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.cleanUp();
  }
}

interface FeatureAppOptions {
  modules: Type[];
  environment?: Record<string, string>;
  simulatorUrl?: string;
  /** Shared between two apps, e.g. a restart. Opened when left out, and then closed with the app. */
  database?: OpenDatabase;
}

export async function startFeatureApp(options: FeatureAppOptions): Promise<FeatureApp> {
  const dataDir = await mkdtemp(join(tmpdir(), 'conch-test-'));
  const database = options.database ?? (await openTestDatabase());
  const config = loadConfig({ DATA_DIR: dataDir, SIMULATOR: 'off', ...options.environment });
  const root = RootModule.for(database, options, [
    EventEmitterModule.forRoot(),
    AppConfigModule.for(config),
    CacheInvalidationModule,
    CryptoModule,
    AuthModule,
  ]);
  const app = await NestFactory.create<NestFastifyApplication>(root, createAdapter(config.server.trustProxy), {
    logger: false,
    abortOnError: false,
  });
  configureHttp(app);
  await app.listen(0, '127.0.0.1');

  return new FeatureApp(app, database.db, async () => {
    if (!options.database) await database.close();
    await rm(dataDir, { recursive: true, force: true });
  });
}

@Global()
@Module({})
class RootModule {
  static for(database: OpenDatabase, options: FeatureAppOptions, base: (Type | DynamicModule)[]): DynamicModule {
    const simulator = { url: options.simulatorUrl };
    const providers = [
      { provide: DATABASE, useValue: database },
      { provide: DB, useValue: database.db },
      { provide: EmbeddedSimulator, useValue: simulator },
      { provide: RateLimits, useValue: new RateLimits(null) },
      ProbeSlots,
      { provide: UsedSignatures, useClass: ProcessSignatures },
    ];

    return {
      module: RootModule,
      imports: [...base, ...options.modules],
      providers,
      exports: [DB, DATABASE, EmbeddedSimulator, RateLimits, ProbeSlots, UsedSignatures],
    };
  }
}
