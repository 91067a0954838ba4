// Makes node_modules/@tensorflow/tfjs-node work natively, from package registries only.
//
// The package's own install script fetches libtensorflow 2.9.1 from a file server that many networks do not reach.
// The PyPI wheel `tensorflow-cpu` holds the same library, newer, with its C headers: this script fills tfjs-node's
// deps/ folder from the wheel and builds the binding against it. A second run sees that it is done and returns.
//
//   node infra/tensorflow/install.mjs [--force]
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = '2.15.1';
const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const packageFolder = join(root, 'node_modules/@tensorflow/tfjs-node');
const deps = join(packageFolder, 'deps');
const marker = join(deps, 'deadpan-wheel.json');

/** A failure the reader can act on: what is wrong, then what to do. */
class InstallError extends Error {}

function run(command, args, options, advice) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (result.error || result.status !== 0) {
    const detail =
      result.error?.message ?? `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-12).join('\n');
    throw new InstallError(`${[command, ...args].join(' ')} failed.\n${detail}\n${advice}`);
  }
  return result.stdout;
}

/** Loads the binding in a fresh process and multiplies two matrices: the only proof that the installation works. */
function works() {
  const program = `
    const util = require('node:util');
    util.isNullOrUndefined ??= (value) => value === null || value === undefined;
    util.isArray ??= Array.isArray;
    const tf = require('@tensorflow/tfjs-node');
    process.exit(tf.getBackend() === 'tensorflow' && tf.matMul([[2, 3]], [[5], [7]]).dataSync()[0] === 31 ? 0 : 1);`;
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' };
  return spawnSync(process.execPath, ['-e', program], { cwd: root, env, stdio: 'ignore' }).status === 0;
}

function isDone() {
  if (!existsSync(marker)) return false;
  const done = JSON.parse(readFileSync(marker, 'utf8'));
  return done.version === VERSION && done.abi === process.versions.modules;
}

function findPython() {
  for (const python of ['python3', 'python']) {
    if (spawnSync(python, ['-m', 'pip', '--version'], { stdio: 'ignore' }).status === 0) return python;
  }
  throw new InstallError(
    'Native TensorFlow needs Python 3 with pip, to fetch the wheel and to run node-gyp.\n' +
      'Install them (Debian, Ubuntu: apt-get install python3 python3-pip; Fedora: dnf install python3-pip) and run this again.',
  );
}

function requireCompiler() {
  for (const tool of ['make', 'g++']) {
    if (spawnSync(tool, ['--version'], { stdio: 'ignore' }).status !== 0) {
      throw new InstallError(
        `Native TensorFlow needs ${tool}, to build the binding.\n` +
          'Install a C++ compiler (Debian, Ubuntu: apt-get install build-essential; Fedora: dnf install gcc-c++ make) and run this again.',
      );
    }
  }
}

function fillDeps(python, scratch) {
  console.log(`Fetching tensorflow-cpu ${VERSION} (207 MB) from PyPI`);
  run(
    python,
    // The wheel's Python version does not matter: only its libraries and headers are used.
    [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--no-deps',
      '--only-binary=:all:',
      '--python-version',
      '3.11',
      '--platform',
      'manylinux_2_17_x86_64',
      '--platform',
      'manylinux2014_x86_64',
      '--dest',
      scratch,
      `tensorflow-cpu==${VERSION}`,
    ],
    {},
    'Is a package index reachable? pip reads PIP_INDEX_URL and pip.conf; a proxy is read from HTTPS_PROXY.',
  );
  const wheel = readdirSync(scratch).find((name) => name.endsWith('.whl'));
  rmSync(deps, { recursive: true, force: true });
  mkdirSync(join(deps, 'lib'), { recursive: true });
  const unpack = `
import shutil, sys, zipfile
wheel, deps = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.startswith('tensorflow/include/'):
            archive.extract(name, deps + '/unpacked')
        elif name in ('tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'):
            with archive.open(name) as source, open(deps + '/lib/' + name.split('/')[1], 'wb') as target:
                shutil.copyfileobj(source, target, 1 << 20)
shutil.move(deps + '/unpacked/tensorflow/include', deps + '/include')
shutil.rmtree(deps + '/unpacked')
`;
  run(
    python,
    ['-c', unpack, join(scratch, wheel), deps],
    {},
    'Is the disk full? The unpacked library takes 650 MB.',
  );
  // tfjs-node links -ltensorflow and looks for the 2.9.1 name to decide that nothing needs to be downloaded.
  for (const name of ['libtensorflow.so', 'libtensorflow.so.2', 'libtensorflow.so.2.9.1']) {
    symlinkSync('libtensorflow_cc.so.2', join(deps, 'lib', name));
  }
  symlinkSync('libtensorflow_framework.so.2', join(deps, 'lib', 'libtensorflow_framework.so'));
}

function buildBinding() {
  console.log('Building the binding');
  const prefix = resolve(dirname(process.execPath), '..');
  const hasHeaders = existsSync(join(prefix, 'include/node/node_api.h'));
  run(
    process.execPath,
    ['scripts/install.js'],
    {
      cwd: packageFolder,
      env: {
        ...process.env,
        PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
        npm_config_build_from_source: 'true',
        // Without headers beside the running Node, node-gyp fetches them itself.
        ...(hasHeaders ? { npm_config_nodedir: prefix } : {}),
      },
    },
    'The binding did not build. node-gyp needs Node headers (shipped with most Node packages, else fetched), make and g++.',
  );
}

function main() {
  if (!existsSync(join(packageFolder, 'package.json'))) {
    throw new InstallError(
      '@tensorflow/tfjs-node is not in node_modules: run `npm ci --ignore-scripts` first.',
    );
  }
  if (!process.argv.includes('--force') && (isDone() || works())) {
    console.log('Native TensorFlow is ready.');
    return;
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new InstallError(
      `This script knows Linux on x64 only; on ${process.platform} ${process.arch} use the package's own installer:\n` +
        'npm rebuild @tensorflow/tfjs-node',
    );
  }
  const python = findPython();
  requireCompiler();
  const scratch = mkdtempSync(join(tmpdir(), 'deadpan-tensorflow-'));
  try {
    fillDeps(python, scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  buildBinding();
  if (!works())
    throw new InstallError(
      'The binding was built, but does not load. Run with TF_CPP_MIN_LOG_LEVEL=0 and look at ldd on lib/napi-v8/tfjs_binding.node.',
    );
  writeFileSync(marker, JSON.stringify({ version: VERSION, abi: process.versions.modules }));
  console.log(`Native TensorFlow ${VERSION} is ready.`);
}

try {
  main();
} catch (error) {
  if (!(error instanceof InstallError)) throw error;
  console.error(error.message);
  process.exitCode = 3;
}
