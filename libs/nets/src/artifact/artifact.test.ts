import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readFerModel, readHngModel, sha256 } from './artifact.js';

const folder = await mkdtemp(join(tmpdir(), 'deadpan-artifact-'));
after(() => rm(folder, { recursive: true }));

const model = Buffer.from('a model');
const hng = {
  kind: 'hng',
  name: 'hng-skip',
  version: '1',
  sha256: sha256(model),
  weights: 'float32',
  recipe: 'hng-skip',
  dataSets: [],
  metrics: {},
  inputSize: 64,
};

test('a folder without a model says so', async () => {
  await assert.rejects(readHngModel(join(folder, 'nowhere')), { code: 'E_MODEL_MISSING' });
});

test('a whole model is read', async () => {
  await writeFile(join(folder, 'model.onnx'), model);
  await writeFile(join(folder, 'artifact.json'), JSON.stringify(hng));
  const released = await readHngModel(folder);
  assert.equal(released.artifact.name, 'hng-skip');
  assert.deepEqual(Buffer.from(released.model), model);
});

test('other weights than described are refused', async () => {
  await writeFile(join(folder, 'model.onnx'), 'another model');
  await assert.rejects(readHngModel(folder), { code: 'E_MODEL_INVALID', message: /not the one/ });
});

test('another kind, an unknown key and a broken file are refused', async () => {
  await assert.rejects(readFerModel(folder), { code: 'E_MODEL_INVALID' });
  await writeFile(join(folder, 'artifact.json'), JSON.stringify({ ...hng, colour: 'red' }));
  await assert.rejects(readHngModel(folder), { code: 'E_MODEL_INVALID', message: /colour/ });
  await writeFile(join(folder, 'artifact.json'), '{');
  await assert.rejects(readHngModel(folder), { code: 'E_MODEL_INVALID', message: /not JSON/ });
});
