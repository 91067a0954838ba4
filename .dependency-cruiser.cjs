// Who may import whom: shared <- vision <- nets <- training; services use shared, vision and nets, never another
// service and never training; the dashboard only shared's contracts; the CLI anything, through a package's index.
const services = 'ingest|align|normalize|classify|feed';
const rule = (name, from, to, comment) => ({ name, severity: 'error', comment, from, to });

module.exports = {
  forbidden: [
    rule('no-circles', {}, { circular: true }, 'a circle has no beginning to read from'),
    rule(
      'shared-is-the-ground',
      { path: '^libs/shared/' },
      { path: '^(libs/(vision|nets|training)|services|apps)/' },
    ),
    rule(
      'vision-is-pure',
      // kernels.ts reads what is compiled beside it.
      { path: '^libs/vision/src', pathNot: '(\\.test|/kernels)\\.ts$' },
      { path: '^(libs/(nets|training)|services|apps)/|onnxruntime|tensorflow|^(node:)?fs$' },
    ),
    rule('nets-below-training', { path: '^libs/nets/' }, { path: '^(libs/training|services|apps)/' }),
    rule('training-below-services', { path: '^libs/training/' }, { path: '^(services|apps)/' }),
    rule(
      'services-apart',
      { path: `^services/(${services})/` },
      { path: `^services/(${services})/`, pathNot: '^services/$1/' },
    ),
    rule('services-without-training', { path: '^services/' }, { path: '^(libs/training|apps)/' }),
    rule(
      'dashboard-sees-contracts',
      { path: '^apps/dashboard/' },
      { path: '^(libs/(vision|nets|training)|services|apps/cli)/' },
    ),
    rule(
      'kafka-behind-its-link',
      { pathNot: '^(libs/shared/src/links/kafka|test|examples)' },
      { path: 'node_modules/kafkajs' },
    ),
    rule(
      'production-without-tests',
      { pathNot: '(\\.test\\.ts$|^test/|^bench/)' },
      { path: '\\.test\\.ts$' },
    ),
    rule('declared-only', {}, { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    combinedDependencies: true,
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'default'] },
  },
};
