import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { CLIP, deadpan } from './command-line.js';

/* What a user gets where a record cannot be worked on: the rest, the reason of each, and an exit code that says so. */

const folder = mkdtempSync(join(tmpdir(), 'deadpan-dead-letters-'));
after(() => {
  rmSync(folder, { recursive: true });
});

interface RunRecord {
  readonly state: string;
  readonly reason: string | null;
  readonly frames: number;
  readonly faces: number;
}

/** Puts another network in the generator's place, and its hash into the description. */
function replaceNetwork(models: string, network: Buffer): void {
  const artifact = join(models, 'hng', 'artifact.json');
  const sha256 = createHash('sha256').update(network).digest('hex');
  writeFileSync(join(models, 'hng', 'model.onnx'), network);
  const description = JSON.parse(readFileSync(artifact, 'utf8')) as object;
  writeFileSync(artifact, JSON.stringify({ ...description, sha256 }));
}

test('a network that no engine can load ends the run at once, in a sentence, and leaves nothing', async () => {
  const models = join(folder, 'unloadable');
  cpSync(fileURLToPath(new URL('../../../models', import.meta.url)), models, { recursive: true });
  replaceNetwork(models, Buffer.from('This is not a network.'));
  const out = join(folder, 'unloaded');
  const { code, stderr } = await deadpan(['analyze', CLIP, '--out', out], {
    env: { DEADPAN_MODELS: models },
  });
  assert.equal(code, 3, stderr);
  assert.match(stderr, /^deadpan: onnxruntime cannot load a network: .* \(E_MODEL_INVALID\)$/m);
  assert.deepEqual(readdirSync(out), []);
});

test('faces that a model cannot take are put aside with the reason, touch no other input, and are done again', async () => {
  const models = join(folder, 'models');
  cpSync(fileURLToPath(new URL('../../../models', import.meta.url)), models, { recursive: true });
  replaceNetwork(models, readFileSync(join(models, 'fer', 'model.onnx')));

  const nobody = join(folder, 'nobody.mp4');
  const pattern = ['-f', 'lavfi', '-i', 'testsrc=s=64x48:r=5:d=1', '-pix_fmt', 'yuv420p'];
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', ...pattern, nobody]);
  const out = join(folder, 'out');
  const args = ['analyze', CLIP, nobody, '--end', '1', '--fps', '5', '--out', out, '--json'];
  const of = (stdout: string): RunRecord[] => JSON.parse(stdout) as RunRecord[];

  const first = await deadpan(args, { env: { DEADPAN_MODELS: models } });
  assert.equal(first.code, 1, first.stderr);
  const [withFaces, without] = of(first.stdout);
  assert.equal(withFaces?.state, 'failed');
  assert.match(withFaces.reason ?? '', /^(\d+) records could not be worked on: see dead-letters\.ndjson$/);
  assert.deepEqual([without?.state, without?.frames], ['done', 5]);
  assert.ok(!existsSync(join(out, 'nobody', 'dead-letters.ndjson')));
  const lines = readFileSync(join(out, 'clip', 'dead-letters.ndjson'), 'utf8')
    .trimEnd()
    .split('\n');
  assert.equal(lines.length, parseInt(withFaces.reason ?? '', 10));
  const report = (name: string): string => readFileSync(join(out, name, 'report.html'), 'utf8');
  assert.ok(report('clip').includes(`${lines.length} records could not be worked on`));
  assert.match(report('clip'), /<a href="dead-letters.ndjson">/);
  assert.ok(!report('nobody').includes('could not be worked on'));
  for (const line of lines) {
    const { stage, reason, message, record } = JSON.parse(line) as Record<string, string>;
    assert.deepEqual([stage, reason], ['normalize', 'failed']);
    assert.match(message ?? '', /model/i);
    assert.match(record ?? '', /^clip at [\d.]+ s$/);
  }

  const second = await deadpan(args);
  assert.equal(second.code, 0, second.stderr);
  const [again] = of(second.stdout);
  assert.equal(again?.state, 'done');
  assert.equal(again.faces, lines.length);
  assert.ok(!existsSync(join(out, 'clip', 'dead-letters.ndjson')), 'what is no longer so is not said');
});
