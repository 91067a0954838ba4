// npm run demo: analyses the clip of test/media, or the videos that are named: `npm run demo -- my.mp4`.
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { build, installPackages, main, root } from './set-up.mjs';

await main(() => {
  installPackages();
  build();
  const own = process.argv.slice(2);
  const inputs =
    own.length > 0 ? own.map((path) => resolve(process.env.INIT_CWD ?? '.', path)) : ['test/media/clip.mp4'];
  const cli = join(root, 'apps/cli/bin/deadpan.js');
  const out = join('out', 'demo');
  const { status } = spawnSync(process.execPath, [cli, 'analyze', ...inputs, '--out', out, '--references'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (own.length === 0 && status === 0) {
    process.stdout.write(
      `\nOpen the report: ${pathToFileURL(join(root, out, 'clip', 'report.html')).href}\n`,
    );
  }
  return status ?? 3;
});
