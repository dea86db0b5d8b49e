import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

/** For pages of this server: their own scripts and styles, and no other server. */
export const PAGE_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/** Replies of the API load nothing, are framed nowhere, and stay in no cache. Pages replace the policy. */
export function addSecurityHeaders(instance: FastifyInstance): void {
  const nothing = ["'none'"];
  instance.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: nothing, baseUri: nothing, formAction: nothing, frameAncestors: nothing },
    },
    xFrameOptions: { action: 'deny' },
    // Set by the proxy that speaks TLS; without one it would lock out http://localhost.
    strictTransportSecurity: false,
  });
  instance.addHook('onRequest', (_request, reply, done) => {
    void reply.header('Cache-Control', 'no-store');
    done();
  });
}
