import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { SECRETS } from '../../src/config/secret-files.js';
import { validateEnvironment } from '../../src/config/app-config.js';

interface Service {
  read_only?: boolean;
  cap_drop?: string[];
  environment?: Record<string, string>;
  secrets?: string[];
  configs?: { source: string }[];
  healthcheck?: { test: string[] };
}

interface Compose {
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
  configs: Record<string, { file?: string }>;
}

const compose = parse(readFileSync('compose.yaml', 'utf8'), { merge: true }) as Compose;
const services = Object.entries(compose.services);
const guide = readFileSync('docs/production.md', 'utf8');
const nginx = readFileSync('deploy/nginx.conf', 'utf8');

/** The value of each variable of the replicas; secrets are files, whose content does not matter here. */
function environmentOfReplicas(): Record<string, string> {
  const given = Object.entries(compose.services['app']?.environment ?? {}).map(([name, value]) => {
    const secret = SECRETS.find((each) => name === `${each}_FILE`);
    if (secret?.endsWith('_URL'))
      return [secret, `${secret === 'REDIS_URL' ? 'redis' : 'postgres'}://store/0`] as const;

    return secret ? ([secret, 'f'.repeat(64)] as const) : ([name, value.replace(/\$\{\w+:-(.*)\}/, '$1')] as const);
  });

  return Object.fromEntries(given);
}

describe('compose.yaml', () => {
  it.each(services)('locks %s, and knows whether it works', (_, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    // That of the replicas is in their image.
    expect(service.healthcheck !== undefined || service === compose.services['app']).toBe(true);
  });

  it('mounts configurations as files, because compose cannot write into a read-only root', () => {
    const used = services.flatMap(([, { configs = [] }]) => configs.map(({ source }) => compose.configs[source]?.file));

    expect(used).toEqual(['./deploy/nginx.conf']);
    expect(used.every((file) => file !== undefined && existsSync(file))).toBe(true);
  });

  it('asks nginx for a path that it answers itself, because an update stops all replicas for some seconds', () => {
    const url = new URL(compose.services['nginx']?.healthcheck?.test.at(-1) ?? '');

    expect(nginx).toMatch(new RegExp(`listen ${url.port};[^}]*location = ${url.pathname} \\{[^}]*return 200`));
  });

  it('gives the replicas a configuration that they accept, with the clients that nginx names', () => {
    expect(validateEnvironment({ ...environmentOfReplicas(), HOST: '0.0.0.0' })).toMatchObject({ TRUST_PROXY: '1' });
    expect(nginx).toContain('proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;');
  });

  it('uses the secrets that the guide makes, and no others', () => {
    const [, recipe = ''] = /```sh\n(mkdir -m 700 secrets[^`]*)```/.exec(guide) ?? [];
    const loops = [...recipe.matchAll(/for name in ([^;]*);/g)].flatMap(([, names = '']) => names.split(' '));
    const files = [...recipe.matchAll(/> (\w+)/g)].map(([, name = '']) => name);
    const used = new Set(services.flatMap(([, { secrets = [] }]) => secrets));

    expect([...used].sort()).toEqual(Object.keys(compose.secrets).sort());
    expect([...loops, ...files].sort()).toEqual([...used].sort());
  });
});

describe('the Dockerfile', () => {
  const dockerfile = readFileSync('Dockerfile', 'utf8');

  it('deletes source maps, but not the files *.map of the database template', () => {
    expect(dockerfile).toMatch(/find node_modules dist\/src dist\/tools -type f[^&]*'\*\.map'/);
  });

  it('copies what the build context has', () => {
    const allowed = readFileSync('.dockerignore', 'utf8').split('\n');
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)]
      .flatMap(([, names = '']) => names.split(' '))
      .map((name) => ({ name, exists: existsSync(name), isAllowed: allowed.includes(`!${name.split('/')[0] ?? ''}`) }));

    expect(copied.length).toBeGreaterThan(10);
    expect(copied.filter(({ exists, isAllowed }) => !exists || !isAllowed)).toEqual([]);
  });
});
