import { describe, expect, it } from '@jest/globals';
import { RegistryEgress } from './registry-egress.js';

const NAMES: Record<string, string[]> = {
  'public.example': ['93.184.216.34'],
  'inside.example': ['10.0.0.5'],
  'mixed.example': ['93.184.216.34', '169.254.169.254'],
  localhost: ['127.0.0.1'],
};
const resolve = (host: string) =>
  NAMES[host]
    ? Promise.resolve(NAMES[host].map((address) => ({ address, family: 4 })))
    : Promise.reject(new Error('ENOTFOUND'));
const of = (registries: string[], allow: string[] = [], allowLoopback = false) =>
  new RegistryEgress(registries, { allow, allowLoopback }, resolve);
const refusal = (policy: RegistryEgress, registry: string) => policy.refusalOf({ registry });

describe('registries', () => {
  it.each([
    '127.0.0.1:5000',
    '[::1]:5000',
    '169.254.169.254',
    '10.0.0.5',
    'inside.example',
    'mixed.example:443',
    'localhost:5000',
  ])('%s is internal', async (registry) => {
    expect(await refusal(of([]), registry)).toContain('is not a public one');
    expect(await refusal(of(['*']), registry)).toContain('is not a public one');
    expect(await refusal(of([registry]), registry)).toBeNull();
  });

  it('that are public may be used, unless others are listed', async () => {
    expect(await refusal(of([]), 'public.example')).toBeNull();
    expect(await refusal(of(['*']), 'public.example:5000')).toBeNull();
    expect(await refusal(of(['ghcr.io']), 'public.example')).toContain('images may come from: ghcr.io');
    // By its name only.
    expect(await refusal(of(['inside.example:5000']), 'inside.example:6000')).toContain('images may come from');
  });

  it('that are internal may be allowed like any other host', async () => {
    expect(await refusal(of([], ['10.0.0.0/8']), 'inside.example')).toBeNull();
    expect(await refusal(of([], ['mixed.example']), 'mixed.example')).toBeNull();
    expect(await refusal(of([], [], true), 'localhost:5000')).toBeNull();
  });

  it('without an address are no verdict', async () => {
    await expect(refusal(of([]), 'nowhere.example')).rejects.toThrow('The registry nowhere.example was not found');
  });
});
