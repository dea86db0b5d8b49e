/**
 * Who may import whom. A layer may use those before it, never one after it, nor another folder of its own layer.
 * docs/architecture.md draws the same picture.
 */
const LAYERS = [
  ['common'],
  ['config'],
  ['infra'],
  ['auth'],
  ['models', 'shells', 'executor-manager'],
  ['bots'],
  ['teams'],
  ['seeds', 'tasks'],
  ['dify', 'executors', 'webhooks'],
  ['direct-chat'],
  ['health', 'metrics', 'queue-board'],
];
const ROOT_FILES = '^src/[^/]+\\.ts$';
/** Specs and what only they use; not part of the build. */
const SPECS = '\\.(spec|testing)\\.ts$|/__fixtures__/';

const inFolders = (names) => `^src/(${names.join('|')})/`;

const layers = LAYERS.flatMap((names, index) =>
  names.map((name) => {
    const others = [...names.filter((other) => other !== name), ...LAYERS.slice(index + 1).flat()];

    return {
      name: `layer-${name}`,
      comment: `src/${name} may import only what stands before it in LAYERS.`,
      severity: 'error',
      from: { path: inFolders([name]), pathNot: SPECS },
      to: { path: others.length > 0 ? [inFolders(others), ROOT_FILES] : [ROOT_FILES] },
    };
  }),
);

module.exports = {
  forbidden: [
    ...layers,
    {
      name: 'manager-alone',
      comment: 'The executor manager is a program of its own: only its start names it.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(executor-manager/|main\\.ts$)' },
      to: { path: '^src/executor-manager/' },
    },
    {
      name: 'known-folder',
      comment: 'A new folder of src/ needs its place in LAYERS.',
      severity: 'error',
      from: {},
      to: { path: '^src/[^/]+/', pathNot: inFolders(LAYERS.flat()) },
    },
    {
      name: 'no-circular',
      comment: 'Type imports may form a cycle within a feature, values never.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'src-alone',
      comment: 'The server does not need the simulator, the tests or the bench to be compiled.',
      severity: 'error',
      from: { path: '^src/', pathNot: SPECS },
      to: { path: '^(tools|test|bench)/' },
    },
    {
      name: 'tools-alone',
      severity: 'error',
      from: { path: '^tools/', pathNot: SPECS },
      to: { path: '^(src|test|bench)/' },
    },
    {
      name: 'own-repository-only',
      comment: "A feature's tables are its own: call its service.",
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '\\.repository\\.ts$', pathNot: '^src/$1/' },
    },
    {
      name: 'own-jobs-only',
      comment: "What is in another feature's queue is its own affair.",
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '\\.processor\\.ts$', pathNot: '^src/$1/' },
    },
    {
      name: 'controllers-by-modules-only',
      severity: 'error',
      from: { path: '^src/', pathNot: [SPECS, '\\.module\\.ts$'] },
      to: { path: '\\.controller\\.ts$' },
    },
    {
      name: 'no-dev-dependency',
      comment: 'The image has no development dependencies. Types alone are gone at run time.',
      severity: 'error',
      from: { path: '^(src|tools)/', pathNot: SPECS },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'declared-dependency',
      severity: 'error',
      from: { path: '^(src|tools)/', pathNot: SPECS },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'testing-for-specs-only',
      severity: 'error',
      from: { pathNot: SPECS },
      to: { path: SPECS },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
