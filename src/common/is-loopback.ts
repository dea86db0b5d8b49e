import ipaddr from 'ipaddr.js';

/** Whether a listen address or Host header name can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '');
  if (name === 'localhost' || name === '127.0.0.1') return true;

  return ipaddr.isValid(name) && ipaddr.process(name).range() === 'loopback';
}
