const LINK_PROTOCOLS = new Set(['http:', 'https:', 'mailto:']);
const IMAGE_PROTOCOLS = new Set(['data:', 'blob:']);

/** An address that may be opened: http, https or mailto; else null. Relative ones lead nowhere here. */
export function safeLink(href: string | undefined, base?: string): string | null {
  const url = parse(href, base);

  return url && LINK_PROTOCOLS.has(url.protocol) ? url.href : null;
}

/**
 * How an image may be shown: `inline` from this server or from the text itself. Another server's image would tell it
 * who reads what, so that it is a `link`.
 */
export function imageKind(src: string | undefined, origin: string): 'inline' | 'link' | 'none' {
  const url = parse(src, origin);
  if (!url) return 'none';
  if (url.protocol === 'data:') return /^data:image\//i.test(src ?? '') ? 'inline' : 'none';
  if (IMAGE_PROTOCOLS.has(url.protocol) || url.origin === origin) return 'inline';

  return LINK_PROTOCOLS.has(url.protocol) && url.protocol !== 'mailto:' ? 'link' : 'none';
}

function parse(address: string | undefined, base?: string): URL | null {
  if (!address) return null;
  try {
    return new URL(address, base);
  } catch {
    return null;
  }
}
