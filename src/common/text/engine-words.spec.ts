import { describe, expect, it } from '@jest/globals';
import { engineTroubleIn } from './engine-words.js';

const DAEMON = "Unable to find image 'ghcr.io/acme/agent:1' locally\ndocker: Error response from daemon: ";

describe('engineTroubleIn', () => {
  it.each([
    ['registry_unavailable', 'Get "https://ghcr.io/v2/": dial tcp: lookup ghcr.io on 10.0.0.2:53: no such host.'],
    ['registry_unavailable', 'Get "https://ghcr.io/v2/": net/http: TLS handshake timeout.'],
    [
      'registry_unavailable',
      'net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
    ],
    ['registry_unavailable', 'toomanyrequests: You have reached your unauthenticated pull rate limit.'],
    ['registry_unavailable', 'received unexpected HTTP status: 503 Service Unavailable.'],
    ['registry_unavailable', 'dial tcp 10.1.1.1:443: connect: no route to host'],
    ['disk_full', 'write /var/lib/docker/tmp/x: no space left on device'],
    ['engine_unavailable', 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.'],
    ['internal', 'Conflict. The container name "/wegent-task-x" is already in use by container "ab".'],
    ['internal', 'Bind for 0.0.0.0:10001 failed: port is already allocated.'],
  ] as const)('is %s: %s', (code, text) => {
    expect(engineTroubleIn(DAEMON + text)?.code).toBe(code);
    expect(engineTroubleIn(DAEMON + text)?.message).not.toMatch(/ghcr|10\./);
  });

  it.each([
    'pull access denied for acme/agent, repository does not exist or may require docker login: denied',
    'manifest for ghcr.io/acme/agent:1 not found: manifest unknown',
    'no matching manifest for linux/arm64/v8 in the manifest list entries',
    'Container exited immediately: the C library is missing',
  ])('says nothing of the engine: %s', (text) => {
    expect(engineTroubleIn(DAEMON + text)).toBeNull();
  });
});
