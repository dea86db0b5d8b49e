import { readFileSync } from 'node:fs';

const swc = JSON.parse(readFileSync(new URL('.swcrc', import.meta.url), 'utf8'));
delete swc.$schema;

/** Tests on a real container engine. npm test leaves them out, and says so, where none can be started. */
const ENGINE_TESTS = ['/executor-(manager(-\\w+)?|containers(-\\w+)?)\\.e2e\\.ts$', '/images-live\\.e2e\\.ts$'];

const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  // TypeScript sources name the compiled file (`./x.js`); jest runs the sources.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  setupFiles: ['reflect-metadata'],
};

/** Suites that start servers share what is made for a run. */
const servers = {
  globalSetup: '<rootDir>/test/support/run-directory.setup.mjs',
  globalTeardown: '<rootDir>/test/support/run-directory.teardown.mjs',
};

export default {
  // A limit against hanging, of hooks as well, not a measurement: the machine may be busy.
  testTimeout: 300_000,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      roots: ['<rootDir>/src', '<rootDir>/tools', '<rootDir>/web/src'],
      testMatch: ['**/*.spec.ts'],
    },
    {
      ...shared,
      ...servers,
      displayName: 'e2e',
      roots: ['<rootDir>/test'],
      testMatch: ['**/*.e2e.ts'],
      testPathIgnorePatterns: ['/faults/', ...(process.env.CONCH_TEST_ENGINE === 'none' ? ENGINE_TESTS : [])],
    },
    {
      ...shared,
      ...servers,
      displayName: 'faults',
      roots: ['<rootDir>/test/faults'],
      testMatch: ['**/*.fault.ts'],
    },
    // `npm run soak` alone: it takes hours.
    ...(process.env.SOAK_ROUNDS
      ? [{ ...shared, ...servers, displayName: 'soak', roots: ['<rootDir>/test/soak'], testMatch: ['**/*.soak.ts'] }]
      : []),
  ],
};
