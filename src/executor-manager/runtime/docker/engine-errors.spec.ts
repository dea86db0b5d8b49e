import { describe, expect, it } from '@jest/globals';
import { EngineTrouble, engineWords, ImageProblem } from '../runtime-errors.js';
import { engineFailure, pullFailure } from './engine-errors.js';

const reply = (message: string) => new Error(`(HTTP code 500) server error - ${message} `);
const refused = Object.assign(new Error('connect ECONNREFUSED /var/run/docker.sock'), { code: 'ECONNREFUSED' });
const hungUp = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
const failure = (error: unknown) => pullFailure(error, 'r.example/app:1', 'linux/amd64');
const codeOf = (error: unknown) => {
  const found = failure(error);

  return found instanceof EngineTrouble ? found.code : found.name;
};

describe('pullFailure', () => {
  it.each([
    ['manifest for r.example/app:1 not found: manifest unknown: manifest unknown', 'was not found in its registry'],
    ['pull access denied for app, repository does not exist or may require authorization', 'refuses access'],
    ['Head "https://r.example/v2/app/manifests/1": unauthorized: authentication required', 'refuses access'],
    ['Get "https://r.example/v2/": no basic auth credentials', 'refuses access'],
    ['no matching manifest for linux/amd64 in the manifest list entries', 'linux/amd64'],
    ['unsupported media type application/vnd.example', 'cannot unpack'],
    ['archive/tar: invalid tar header', 'cannot unpack'],
  ])('takes "%s" for a verdict about the image', (text, message) => {
    const found = failure(reply(text));

    expect(found).toBeInstanceOf(ImageProblem);
    expect(found.message).toContain(message);
    expect(found.message).not.toContain(text);
  });

  it.each([
    ['Get "https://r.example/v2/": dial tcp: lookup r.example on 10.0.0.1:53: no such host', 'registry_unavailable'],
    ['Get "http://r.example/v2/": dial tcp 10.0.0.1:80: connect: connection refused', 'registry_unavailable'],
    ['Get "https://r.example/v2/": x509: certificate signed by unknown authority', 'registry_unavailable'],
    ['Get "https://r.example/v2/": http: server gave HTTP response to HTTPS client', 'registry_unavailable'],
    ['toomanyrequests: You have reached your unauthenticated pull rate limit', 'registry_unavailable'],
    ['received unexpected HTTP status: 502 Bad Gateway', 'registry_unavailable'],
    ['unexpected EOF', 'registry_unavailable'],
    ['filesystem layer verification failed for digest sha256:00', 'registry_unavailable'],
    ['failed to register layer: Error processing tar file: write /a: no space left on device', 'disk_full'],
    ['open /var/lib/docker/tmp/GetImageBlob1: disk quota exceeded', 'disk_full'],
    ['something that nobody has seen', 'internal'],
  ])('takes "%s" for no verdict', (text, code) => {
    expect(codeOf(reply(text))).toBe(code);
    expect(failure(reply(text)).message).not.toMatch(/10\.0\.0\.1|https?:|EOF|layer|tmp/);
  });

  it.each([[refused], [hungUp]])('knows an engine that is away: %s', (error) => {
    expect(codeOf(error)).toBe('engine_unavailable');
  });

  it('keeps the words of the engine for the log, without what the client has put before them', () => {
    const found = engineFailure(reply('no\nsuch   thing'));

    expect(found.message).not.toContain('no such thing');
    expect(engineWords(found)).toBe('no such thing');
  });
});
