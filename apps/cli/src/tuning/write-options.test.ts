import assert from 'node:assert/strict';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { writeOptions } from './write-options.js';

const folder = mkdtempSync(join(tmpdir(), 'deadpan-options-'));
after(() => {
  rmSync(folder, { recursive: true });
});

test('options are set in a file whose other lines and comments stay', async () => {
  const path = join(folder, 'deadpan.yaml');
  writeFileSync(path, '# the lobby\ningest:\n  fps: 5 # enough\ninference:\n  device: cpu\n  workers: 0\n');
  await writeOptions(path, 'inference', { workers: 2, batchSize: 8 });
  assert.equal(
    readFileSync(path, 'utf8'),
    '# the lobby\ningest:\n  fps: 5 # enough\ninference:\n  device: cpu\n  workers: 2\n  batchSize: 8\n',
  );
});

test('a file that is not there is made', async () => {
  const path = join(folder, 'new.yaml');
  await writeOptions(path, 'inference', { workers: 2, batchSize: 8 });
  assert.equal(readFileSync(path, 'utf8'), 'inference:\n  workers: 2\n  batchSize: 8\n');
});

test('a file that only its owner may read stays so, and a link to it stays a link', async () => {
  mkdirSync(join(folder, 'etc'));
  const path = join(folder, 'etc', 'secret.yaml');
  const link = join(folder, 'link.yaml');
  writeFileSync(path, 'feed:\n  pixels: off\n');
  symlinkSync('etc/secret.yaml', link);
  for (const mode of [0o600, 0o664]) {
    chmodSync(path, mode);
    await writeOptions(link, 'inference', { workers: mode });
    assert.ok(lstatSync(link).isSymbolicLink());
    assert.equal(readFileSync(path, 'utf8'), `feed:\n  pixels: off\ninference:\n  workers: ${mode}\n`);
    assert.equal(statSync(path).mode & 0o777, mode);
  }
});

test('a file that is not YAML is refused and left alone', async () => {
  const path = join(folder, 'broken.yaml');
  writeFileSync(path, 'inference: [\n');
  await assert.rejects(writeOptions(path, 'inference', { workers: 2 }), { code: 'E_CONFIG' });
  assert.equal(readFileSync(path, 'utf8'), 'inference: [\n');
});
