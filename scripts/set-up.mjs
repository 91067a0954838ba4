// What the commands of the README need before they can run: packages, and the build. Uses nothing but Node and npm.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a command at the root; what it prints goes to standard error, so that results stay alone on standard output. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
  if (error) throw new Error(`${command} could not be started: ${error.message}`);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with exit code ${status}.`);
}

/** Says a line about what goes on. */
export const say = (line) => process.stderr.write(`${line}\n`);

/** Installs the packages of package-lock.json, unless these very ones are installed. */
export function installPackages() {
  const stamp = join(root, 'node_modules', '.deadpan-installed');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const [major = 0] = process.versions.node.split('.').map(Number);
  if (major < 20)
    throw new Error(`Node ${process.versions.node} is too old: Deadpan needs Node 20 or later.`);
  say('Installing packages (once) ...');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, wanted);
}

/** Compiles what changed since the last build, and bundles the dashboard. */
export function build() {
  run(process.execPath, [join(root, 'libs/vision/build.mjs')]);
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b']);
  run(process.execPath, [join(root, 'apps/dashboard/build.mjs')]);
}

/** Ends a script with a sentence instead of a stack trace when its work fails. */
export async function main(work) {
  try {
    process.exitCode = (await work()) ?? 0;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 3;
  }
}
