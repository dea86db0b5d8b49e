import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppConfig } from '../config/app-config.js';
import { BuiltPage } from './built-page.js';
import { pagePolicy } from './page-policy.js';

const INDEX = ['', 'index.html'];
/** A file that is missing here was part of an earlier build, and is never a page. */
const ASSETS = 'assets/';

/** A request for a path outside of the API. */
type PageRequest = FastifyRequest<{ Params: { '*': string } }>;

/** Decides what is sent for a path: a file, the page, or that there is nothing. */
@Injectable()
export class PageReplies {
  constructor(
    private readonly config: AppConfig,
    private readonly page: BuiltPage,
  ) {}

  async answer(request: PageRequest, reply: FastifyReply): Promise<FastifyReply> {
    const name = request.params['*'];
    const isIndex = INDEX.includes(name);
    if (!isIndex && (await this.page.has(name))) return reply.sendFile(name);
    if (isIndex || (!name.startsWith(ASSETS) && acceptsPages(request))) return this.sendIndex(request, reply);
    reply.callNotFound();

    return reply;
  }

  private async sendIndex({ headers }: PageRequest, reply: FastifyReply): Promise<FastifyReply> {
    const index = await this.page.index();
    if (!index) return reply.status(404).type('text/plain; charset=utf-8').send(this.notBuilt());
    const { html, nonce, etag } = index;
    void reply.headers({ 'Cache-Control': 'private, no-cache', ETag: etag });
    if (isMatch(headers['if-none-match'], etag)) {
      // The browser's copy has the nonce of its own policy, which that of this reply would replace.
      void reply.removeHeader('Content-Security-Policy').status(304);

      return reply.send();
    }
    void reply.header('Content-Security-Policy', pagePolicy(nonce));

    return reply.type('text/html; charset=utf-8').send(html);
  }

  private notBuilt(): string {
    const documents = this.config.server.apiDocs ? ' The API is described at /api/docs.' : '';

    return `The web page is not built: run "npm run build".${documents}\n`;
  }
}

/** Browsers name HTML when they open an address, and not for images, scripts and data. */
function acceptsPages({ headers }: PageRequest): boolean {
  return /\btext\/html\b/i.test(headers.accept ?? '');
}

function isMatch(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((each) => [etag, '*'].includes(each.trim()));
}
