// npm run bench: measures Deadpan beside its peers on this machine. `npm run bench -- --help` says how.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { build, installPackages, main, root, run, say } from './set-up.mjs';

/** Installs the peers into a folder of their own, unless they are there; their TensorFlow is the root's. */
function installPeers() {
  const folder = join(root, 'bench/peers');
  const stamp = join(folder, 'node_modules', '.installed');
  const wanted = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('Installing the peers (once) ...');
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder });
  writeFileSync(stamp, wanted);
}

await main(() => {
  if (process.platform !== 'linux')
    throw new Error('The bench reads CPU time and memory from /proc: Linux only.');
  installPackages();
  build();
  installPeers();
  run(process.execPath, [join(root, 'infra/tensorflow/install.mjs')]);
  const program = join(root, 'bench/dist/main.js');
  const { status } = spawnSync(process.execPath, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
  return status ?? 3;
});
