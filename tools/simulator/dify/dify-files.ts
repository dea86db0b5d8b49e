// Files that a run gives, and the route that serves them.
import type { Json } from '../../shared/json.js';
import type { DifyCall } from './dify-answers.js';
import { isChat } from './dify-apps.js';
import type { Beat } from './dify-wire.js';

const IMAGE_ID = '9b1c1a52-52d4-4a38-9c0e-7f7cf0b2a001';
/** A picture of one pixel. */
export const DIFY_PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** Relative, as a server without `FILES_URL` gives them. */
const IMAGE_URL = `/files/tools/${IMAGE_ID}.png?timestamp=1764000000&nonce=7f0c&sign=c2ln`;

/** A file as outputs and ends of messages name it. */
export function filesOf(call: DifyCall): Json[] {
  return [
    {
      dify_model_identity: '__dify__file__',
      id: null,
      tenant_id: 'b7d1f5a0-0000-4000-8000-000000000001',
      type: 'image',
      transfer_method: 'tool_file',
      remote_url: null,
      related_id: IMAGE_ID,
      filename: 'chart.png',
      extension: '.png',
      mime_type: 'image/png',
      size: DIFY_PNG.length,
      url: IMAGE_URL,
      belongs_to: isChat(call.app.mode) ? 'assistant' : undefined,
    },
  ];
}

/** `message_file`, where the kind of app has it. */
export function fileEvents({ wire, app }: DifyCall): Beat[] {
  if (!isChat(app.mode)) return [];
  const own = { id: IMAGE_ID, type: 'image', belongs_to: 'assistant', url: IMAGE_URL };
  return [{ wire: wire.event('message_file', own) }];
}
