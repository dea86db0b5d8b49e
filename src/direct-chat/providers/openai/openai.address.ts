/** Where an OpenAI-compatible server is asked, whatever form of its address was pasted. */
import { endpoint } from '../request-parts.js';

const DEFAULT_BASE_URL = 'https://api.openai.com/v1';
const OPENAI_HOST = 'api.openai.com';
/** Azure's hosts for OpenAI models; the last one is that of Foundry projects. */
const AZURE_HOST = /\.(openai\.azure|cognitiveservices\.azure|services\.ai\.azure)\.(com|us|cn)$/;
const DEPLOYMENT = /\/openai\/deployments\/[^/]+/;
/** Azure's newest version that is not a preview. Deployments answer 404 to a request without one. */
const AZURE_VERSION = '2024-10-21';
/** Other calls of the API, whose address people copy. */
const OTHER_CALLS = /\/(responses|completions|embeddings)$/;

/**
 * OpenAI's API reference: `POST {base}/chat/completions`, where base ends in `/v1` by convention (or in `/v4`, `/api/v3` …
 * elsewhere), so `/v1` is added only to a bare host. Azure's reference: `{host}/openai/v1` without a version, or
 * `{host}/openai/deployments/{name}` with `?api-version=`.
 */
export function openaiUrl(baseUrl: string | null): URL {
  const url = endpoint(baseUrl ?? DEFAULT_BASE_URL, (path, { hostname }) => {
    if (path.endsWith('/chat/completions')) return path;
    const base = path.replace(OTHER_CALLS, '');

    return `${AZURE_HOST.test(hostname) ? azureBase(base) : base || '/v1'}/chat/completions`;
  });
  // The version of deployments is refused there.
  if (AZURE_HOST.test(url.hostname) && url.pathname.startsWith('/openai/v1/')) limitVersion(url.searchParams);
  if (DEPLOYMENT.test(url.pathname) && !url.searchParams.has('api-version')) {
    url.searchParams.set('api-version', AZURE_VERSION);
  }

  return url;
}

/** Whether the server is OpenAI's own, which knows fields that strict compatible servers (Mistral's) refuse. */
export function isOpenai({ hostname }: URL): boolean {
  return hostname === OPENAI_HOST;
}

/** Which headers carry a key: `Authorization` is for Entra tokens at Azure; a gateway in front of it may want either. */
export function keyHeaders({ hostname, pathname }: URL): readonly ('api-key' | 'authorization')[] {
  if (AZURE_HOST.test(hostname)) return ['api-key'];

  return DEPLOYMENT.test(pathname) ? ['api-key', 'authorization'] : ['authorization'];
}

/** Azure's `/openai/v1` knows the version `preview` and none. */
function limitVersion(query: URLSearchParams): void {
  const version = query.get('api-version');
  if (version?.endsWith('preview')) query.set('api-version', 'preview');
  else if (version !== 'v1') query.delete('api-version');
}

function azureBase(base: string): string {
  return base === '' || base === '/openai' ? '/openai/v1' : base;
}
