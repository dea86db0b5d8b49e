import { Agent, request as requestHttp } from 'node:http';
import { Agent as TlsAgent, request as requestHttps } from 'node:https';
import { asObject, type JsonObject, parseJson } from '../../common/text/json.js';

/** Against a peer that accepts and says nothing. */
const TIMEOUT_MS = 15_000;
const MAX_REPLY = 1024 * 1024;
const agents = { http: new Agent({ keepAlive: true }), https: new TlsAgent({ keepAlive: true }) };

/** A call with a JSON body. */
export interface JsonCall {
  method: 'POST' | 'PUT';
  url: string;
  token: string;
  body: JsonObject;
  signal?: AbortSignal;
}

/** A reply; `body` is empty unless it is a JSON object. */
export interface JsonReply {
  status: number;
  body: JsonObject;
}

/** Sends JSON, and reads JSON. @throws when there is no reply */
export function sendJson({ method, url, token, body, signal }: JsonCall): Promise<JsonReply> {
  const target = new URL(url);
  const isTls = target.protocol === 'https:';
  const payload = Buffer.from(JSON.stringify(body));
  const options = {
    method,
    agent: isTls ? agents.https : agents.http,
    timeout: TIMEOUT_MS,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': payload.length,
    },
    ...(signal && { signal }),
  };

  return new Promise((resolve, reject) => {
    const request = (isTls ? requestHttps : requestHttp)(target, options, (reply) => {
      const chunks: Buffer[] = [];
      let size = 0;
      reply.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_REPLY) request.destroy(new Error('the reply is too large'));
        else chunks.push(chunk);
      });
      reply.once('error', reject);
      reply.once('end', () => {
        const json = asObject(parseJson(Buffer.concat(chunks).toString('utf8')));
        resolve({ status: reply.statusCode ?? 0, body: json ?? {} });
      });
    });
    request.once('timeout', () => request.destroy(new Error(`no reply within ${TIMEOUT_MS} ms`)));
    request.once('error', reject);
    request.end(payload);
  });
}
