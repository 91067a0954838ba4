import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { stringify } from 'yaml';

import { deadpan } from '../analyze/command-line.js';
import { makeFaces } from './made-up-faces.js';

/* `deadpan train` and what follows it, as a user goes through it, with recipes of a few steps. */

const folder = mkdtempSync(join(tmpdir(), 'deadpan-laboratory-'));
after(() => {
  rmSync(folder, { recursive: true });
});
makeFaces(folder, 'made-up');

function recipeFile(name: string, recipe: Record<string, unknown>): string {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, stringify({ name, seed: 3, ...recipe }));
  return file;
}

const hng = recipeFile('hng', {
  kind: 'hng',
  network: 'skip',
  discriminator: 4,
  sources: [{ cache: 'made-up', sameLight: true, holdOutEvery: 2 }],
  mix: { pairs: 2, loosePairs: 0, neutral: 1, alone: 1 },
  weights: {
    ...{ feature: 0.01, identity: 0.03, pixel: 1, symmetry: 0.1, adversarial: 0.1 },
    ...{ expression: 0, change: 0.1 },
  },
  symmetrySpace: 'pixel',
  featureLayer: 'conv64_3/relu',
  identityLayers: ['conv256_2/relu'],
  schedule: { peak: 1e-3, warmUp: 1, steps: 26, floor: 0.1 },
  adversarialFrom: 1,
  average: 0.9,
  checkpointEvery: 6,
  gridEvery: 10,
});
const fer = recipeFile('fer', {
  kind: 'fer',
  network: 'inception-small',
  start: 'random',
  sources: [{ cache: 'made-up', classWeights: [1, 1, 1, 1, 1, 1, 1, 1] }],
  augmentation: {
    ...{ shift: 1, scale: [0.95, 1.05], rotation: 3, tight: 0.2, coarse: [0.2, 30] },
    ...{ contrast: 0.1, noise: 4, erase: 0.1, mixup: 0.25 },
  },
  batch: 8,
  schedule: { peak: 1e-3, warmUp: 2, steps: 14, floor: 0.1 },
  weightDecay: 0.01,
  average: 0.9,
  metric: { gamma: 1, perClass: 2, loss: 'radial' },
  validation: 'made-up',
  evaluateEvery: 4,
  checkpointEvery: 3,
});

/** What the run of the generator in a go leaves, the first here. */
const generator = join(folder, 'hng-whole', 'last.bin');
function trainArguments(kind: 'hng' | 'fer', out: string): string[] {
  return [
    ...['train', kind, '--recipe', kind === 'hng' ? hng : fer, '--data', folder, '--out', out],
    ...(kind === 'fer' ? ['--references', generator] : []),
  ];
}

/** What a run leaves, but for TensorBoard's copy of the losses, whose files have the time in them. */
function filesIn(out: string): Record<string, Buffer> {
  const names = readdirSync(out).filter((name) => !name.startsWith('events.out.'));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(out, name))]));
}

async function succeeded(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await deadpan(args);
  assert.equal(code, 0, stderr);
  return stdout;
}

for (const [kind, firstRow] of [
  ['hng', 'hng 10/26'],
  ['fer', 'fer 4/14'],
] as const) {
  test(`train ${kind}: a run that kill -9 ends, and the same command again, leave what one in a go leaves`, async () => {
    const [whole, killed] = [join(folder, `${kind}-whole`), join(folder, `${kind}-killed`)];
    await succeeded([...trainArguments(kind, whole), '--quiet']);
    // Told of its first row, which no checkpoint holds yet.
    const end = await deadpan(trainArguments(kind, killed), {
      onOutput: (child, said) => {
        if (said.includes(firstRow)) child.kill('SIGKILL');
      },
    });
    assert.equal(end.code, null, end.stderr);
    const left = filesIn(killed);
    assert.ok(left['checkpoint.bin'] && left['losses.csv'], Object.keys(left).join());
    await succeeded([...trainArguments(kind, killed), '--quiet']);

    const [once, again] = [filesIn(whole), filesIn(killed)];
    assert.deepEqual(Object.keys(again), Object.keys(once));
    assert.ok(!once['checkpoint.bin']?.equals(left['checkpoint.bin']), 'it was not at its end');
    for (const [name, bytes] of Object.entries(once)) assert.ok(again[name]?.equals(bytes), name);
    assert.ok(once[kind === 'hng' ? 'grid-20.png' : 'best.bin'], Object.keys(once).join());
  });
}

test('a trained network is exported, shown by "models", imported, and exported again to the same bytes', async () => {
  const models = join(folder, 'models');
  const [first, again] = [join(models, 'fer'), join(folder, 'again')];
  const exported = (kind: 'hng' | 'fer', checkpoint: string, out: string): string[] => [
    ...['export', kind, '--checkpoint', checkpoint, '--data', folder, '--out', out],
    ...['--release', '1.2.3', '--weights', 'float32', ...(kind === 'fer' ? ['--references', generator] : [])],
  ];
  await succeeded(exported('hng', generator, join(models, 'hng')));
  await succeeded(exported('fer', join(folder, 'fer-whole', 'last.bin'), first));

  const env = { DEADPAN_MODELS: models };
  const { code, stdout, stderr } = await deadpan(['models', '--json'], { env });
  assert.equal(code, 0, stderr);
  const artifactOf = (model: string): unknown =>
    JSON.parse(readFileSync(join(model, 'artifact.json'), 'utf8'));
  assert.deepEqual(JSON.parse(stdout), [artifactOf(join(models, 'hng')), artifactOf(first)]);

  const checkpoint = join(folder, 'imported.bin');
  await succeeded(['import', first, '--recipe', fer, '--out', checkpoint]);
  await succeeded(exported('fer', checkpoint, again));
  for (const file of ['model.onnx', 'artifact.json', 'card.md'])
    assert.ok(readFileSync(join(again, file)).equals(readFileSync(join(first, file))), file);
});
