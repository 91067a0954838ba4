// npm run check: format, lint, types, import boundaries, stale generated files, unit tests.
import { build, installPackages, main, run, say } from './set-up.mjs';

const STEPS = [
  ['format', () => run('npx', ['prettier', '--check', '--log-level', 'warn', '.'])],
  ['types', build],
  ['lint', () => run('npx', ['eslint', '.'])],
  [
    'import boundaries',
    () => run('npx', ['depcruise', '--output-type', 'err', 'libs', 'services', 'apps', 'test', 'bench']),
  ],
  ['tests', () => run(process.execPath, ['scripts/test.mjs'])],
];

await main(() => {
  installPackages();
  for (const [name, step] of STEPS) {
    say(`== ${name}`);
    step();
  }
});
