import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { deadpan } from './command-line.js';

/* Whoever makes a mistake gets a sentence with an error code, never a stack trace. */

const folder = mkdtempSync(join(tmpdir(), 'deadpan-mistakes-'));
after(() => {
  rmSync(folder, { recursive: true });
});
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
const recipe = (name: string): string =>
  fileURLToPath(new URL(`../../../recipes/${name}.yaml`, import.meta.url));

async function refused(args: readonly string[], exitCode: number, says: RegExp): Promise<void> {
  const { code, stdout, stderr } = await deadpan(args);
  const command = `deadpan ${args.join(' ')}`;
  assert.doesNotMatch(stderr, /\n\s+at /, `no stack trace for ${command}`);
  assert.match(stderr, says, command);
  assert.equal(code, exitCode, command);
  assert.equal(stdout, '', command);
}

test('a port that no machine has', async () => {
  const address = '127.0.0.1:99999';
  await refused(['live', '--listen', address], 2, /--listen 127\.0\.0\.1:99999.*0 to 65535\. \(E_USAGE\)/);
  await refused(['service', 'align', '--listen', address], 2, /0 to 65535\. \(E_USAGE\)/);
  const yaml = file('port.yaml', `feed: { listen: '${address}' }\n`);
  const says = /"feed\.listen": the port must be 0 to 65535\. \(E_CONFIG\)/;
  for (const args of [['config', 'check'], ['live']]) await refused([...args, '--config', yaml], 2, says);
});

test('an address that no camera can have', async () => {
  const yaml = file(
    'camera.yaml',
    "cameras: [{ name: door, address: 'ftp://u:s3cret@x' }, { name: hall, address: 'rtsp://u:s#cret@x' }]\n",
  );
  const says =
    /^(?!.*cret).*"cameras\.0\.address": a camera cannot be read by "ftp"\..*"cameras\.1\.address": .*# as %23/s;
  for (const args of [['config', 'check'], ['live']]) await refused([...args, '--config', yaml], 2, says);
});

test('a configuration that doctor would not read', async () => {
  const yaml = file('any.yaml', 'ingest: { fps: 5 }\n');
  await refused(['doctor', '--config', yaml], 2, /--config goes with --tune.*\(E_USAGE\)/);
});

test('the help of every command that obeys DEADPAN_CONFIG says so', async () => {
  for (const command of [
    ['analyze'],
    ['live'],
    ['evaluate'],
    ['topics', 'apply'],
    ['service'],
    ['config', 'show'],
  ]) {
    const { stdout } = await deadpan([...command, '--help']);
    assert.match(stdout, /--config <file>\s+configuration file \(default: DEADPAN_CONFIG/, command.join(' '));
  }
});

test('a configuration file with an alias of nothing', async () => {
  const yaml = file('alias.yaml', 'a: *x\n');
  await refused(['config', 'check', '--config', yaml], 2, /alias\.yaml is not valid YAML.*\(E_CONFIG\)/);
});

test('labels that are no table, or one without rows', async () => {
  const binary = file('binary.csv', Buffer.concat([Buffer.from('\0"'), randomBytes(4000)]));
  await refused(['evaluate', '--data', folder, '--labels', binary], 1, /binary\.csv .*\(E_DATA\)/);
  const empty = file('empty.csv', 'path,expression\n');
  const out = join(folder, 'empty');
  const args = ['prepare', '--data', folder, '--labels', empty, '--name', 'set', '--out', out];
  await refused(args, 1, /have no rows\. \(E_DATA\)/);
});

test('a place or a name for faces that will not do', async () => {
  const labels = file('labels.csv', 'path,expression\nmissing.png,anger\n');
  const inTheWay = file('file', '');
  const prepare = ['prepare', '--data', folder, '--labels', labels];
  await refused([...prepare, '--name', 'set', '--out', inTheWay], 1, /file of that name.*\(E_OUTPUT\)/);
  await refused([...prepare, '--name', 'set', '--out', join(inTheWay, 'x')], 1, /E_OUTPUT/);
  await refused([...prepare, '--name', 'x/y', '--out', folder], 2, /without a slash.*\(E_USAGE\)/);
});

test('a place to train from or to that will not do', async () => {
  const train = ['train', 'fer', '--recipe', recipe('fer-softmax-1')];
  const inTheWay = file('file', '');
  const out = join(folder, 'run');
  await refused([...train, '--data', inTheWay, '--out', out], 1, /has no set .*prepare.*\(E_INPUT_MISSING\)/);
  await refused([...train, '--data', folder, '--out', inTheWay], 1, /file of that name.*\(E_OUTPUT\)/);
});
