// npm run check: format, types, lint, import boundaries; with names of steps only these. npm test runs them too.
import { build, installPackages, main, run, say } from './set-up.mjs';

const STEPS = {
  format: () => run('npx', ['prettier', '--check', '--log-level', 'warn', '.']),
  types: build,
  lint: () => run('npx', ['eslint', '.']),
  boundaries: () =>
    run('npx', ['depcruise', '--output-type', 'err', 'libs', 'services', 'apps', 'test', 'bench']),
};

await main(() => {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !(name in STEPS));
  if (unknown.length > 0)
    throw new Error(`No step is named ${unknown.join(', ')}: there are ${Object.keys(STEPS).join(', ')}.`);
  // A test asks for one step, with all installed: it must not install anew below the others.
  if (wanted.length === 0) installPackages();
  for (const [name, step] of Object.entries(STEPS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    say(`== ${name}`);
    step();
  }
});
