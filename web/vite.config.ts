import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { precompress } from './vite-precompress.ts';
import { preloads } from './vite-preloads.ts';

/** Where `npm run dev` finds the API. */
const API = process.env['CONCH_API'] ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [react(), preloads(), precompress()],
  // The server puts a new nonce in place of this mark into each reply.
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    target: 'es2022',
    // Small fonts and icons as data: URLs would need more than 'self' in the policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
    modulePreload: { polyfill: false },
    // What every visit needs is one file: it compresses better than fifty, and browsers load six at a time.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'first', tags: ['$initial'] }] } } },
  },
  server: { host: '127.0.0.1', port: 5173, proxy: { '/api': { target: API } } },
});
