/** Reads images out of the shapes in which providers send them. */
import { asObject, asText, type JsonObject } from '../../../common/text/json.js';

/** An image of an answer: an address, or a `data:` URL. */
export interface ImageFile {
  url: string;
  mimeType?: string;
}

const NAMES = [
  'image_url',
  'imageUrl',
  'url',
  'image',
  'b64_json',
  'inline_data',
  'inlineData',
  'source',
  'data',
  'image_base64',
];
const BASE64 = /^[A-Za-z0-9+/]{40,}={0,2}$/;

/**
 * Returns the image that a part holds: OpenAI's `image_url` (an address, or an object with one), Gemini's `inlineData`,
 * Claude's `source`, and `b64_json` of image models. Null when it holds none.
 */
export function fileOf(part: JsonObject): ImageFile | null {
  const isImage =
    /image/i.test(asText(part['type']) ?? '') || NAMES.some((name) => /image|b64|inline/.test(name) && part[name]);

  return isImage ? read(part, undefined, 0) : null;
}

function read(part: JsonObject, outerType: string | undefined, depth: number): ImageFile | null {
  const mimeType = asText(part['media_type']) ?? asText(part['mime_type']) ?? asText(part['mimeType']) ?? outerType;
  for (const name of NAMES) {
    const value = part[name];
    const text = asText(value);
    const inner = asObject(value);
    const found =
      text === undefined ? inner && depth < 3 && read(inner, mimeType, depth + 1) : fromText(text, mimeType);
    if (found) return found;
  }

  return null;
}

function fromText(text: string, mimeType: string | undefined): ImageFile | null {
  const type = /^data:([\w.+/-]+)[;,]/.exec(text)?.[1] ?? mimeType;
  if (/^(?:https?:\/\/|data:image\/)/i.test(text)) return { url: text, ...(type !== undefined && { mimeType: type }) };
  if (!BASE64.test(text)) return null;

  return { url: `data:${type ?? 'image/png'};base64,${text}`, mimeType: type ?? 'image/png' };
}
