// Builds the RTSP server of this folder into .cache/rtsp/ and says where it is. Needs Go 1.21 or later.
//
//   node infra/rtsp/build.mjs          builds where the binary is missing or older than its source
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const source = dirname(fileURLToPath(import.meta.url));
const binary = join(source, '../../.cache/rtsp/server');

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Path of the server's binary, built if need be; null where Go is not installed. */
export function buildRtspServer() {
  const newest = Math.max(...['main.go', 'go.mod', 'go.sum'].map((name) => modified(join(source, name))));
  if (modified(binary) > newest) return binary;
  mkdirSync(dirname(binary), { recursive: true });
  const { error, status, stderr } = spawnSync('go', ['build', '-o', binary, '.'], {
    cwd: source,
    encoding: 'utf8',
  });
  if (error?.code === 'ENOENT') return null;
  if (status !== 0) throw new Error(`go build failed:\n${error?.message ?? stderr}`);
  return binary;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const built = buildRtspServer();
  console.log(built ?? 'Go is not installed: see https://go.dev/dl.');
  if (built === null) process.exitCode = 3;
}
