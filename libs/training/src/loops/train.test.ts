import assert from 'node:assert/strict';
import { cpSync, existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readFerModel, readHngModel } from '@deadpan/nets';
import { CLASSES } from '@deadpan/shared';
import { readCheckpoint, writeCheckpoint } from '../checkpoint.js';
import { canvasSide, readFaceCache, writeFaceCache, type CachedFace } from '../datasets/face-cache.js';
import { ferNetworkNamed } from '../networks/fer-networks.js';
import { createVariables, disposeVariables } from '../networks/variables.js';
import { createRandom, uniform } from '../random.js';
import { ferRecipeSchema, hngRecipeSchema, type FerRecipe } from '../recipe.js';
import { metricLossNames } from './metric-losses.js';
import { averageCheckpoints } from './average-checkpoints.js';
import { answersAt, answersOf, predictFaces, reportOn } from './evaluate-fer.js';
import { requireParity } from './export-model.js';
import { importModel } from './import-model.js';
import { readGeneratorJudgement } from './generator-judgement.js';
import { ferRecipeUnderTest, hngRecipeUnderTest } from './recipes-under-test.js';
import { releaseFer } from './release-fer.js';
import { readTrainedExpression } from '../trained-network.js';
import { readGenerator, releaseHng } from './release-hng.js';
import { withModel } from './store-weights.js';
import { trainFer } from './train-fer.js';
import { trainHng } from './train-hng.js';

const folder = await mkdtemp(join(tmpdir(), 'deadpan-train-'));
after(() => rm(folder, { recursive: true }));

// Faces made up of a bright blob whose place tells the class; two pictures a person.
async function makeFaces(name: string, count: number): Promise<void> {
  const random = createRandom(7);
  const faces: CachedFace[] = [];
  const pixels = new Uint8Array(count * canvasSide * canvasSide);
  for (let i = 0; i < count; i++) {
    const label = i % CLASSES.length;
    faces.push({
      path: `${i}.png`,
      label,
      target: CLASSES.map((_, k) => (k === label ? 1 : 0)),
      subject: `person${Math.floor(i / 8) % 4}`,
    });
    const [x0, y0] = [26 + (label % 3) * 20, 26 + Math.floor(label / 3) * 20];
    for (let y = 0; y < canvasSide; y++) {
      for (let x = 0; x < canvasSide; x++) {
        const near = Math.exp(-((x - x0) ** 2 + (y - y0) ** 2) / 60);
        pixels[(i * canvasSide + y) * canvasSide + x] = 60 + uniform(random, 0, 20) + 150 * near;
      }
    }
  }
  await writeFaceCache(folder, { name, faces, pixels });
}
await makeFaces('made-up', 32);

const ferRecipe = ferRecipeUnderTest();

async function finalWeights(out: string): Promise<Map<string, Float32Array>> {
  const { tensors } = await readCheckpoint(join(out, 'checkpoint.bin'));
  return new Map([...tensors].map(([name, { data }]) => [name, data]));
}

async function assertSameRun(one: string, other: string): Promise<void> {
  const [a, b] = [await finalWeights(one), await finalWeights(other)];
  assert.equal(a.size, b.size);
  for (const [name, values] of a) {
    const difference = values.reduce(
      (greatest, value, i) => Math.max(greatest, Math.abs(value - (b.get(name)?.[i] ?? Infinity))),
      0,
    );
    assert.ok(difference < 1e-6, `${name} differs by ${difference}`);
  }
}

// Stops the way a killed run does: nothing after the checkpoint of step 4 is kept.
function abortAfter(step: number): { signal: AbortSignal; onProgress: () => void } {
  const controller = new AbortController();
  let calls = 0;
  return {
    signal: controller.signal,
    onProgress: () => {
      calls++;
      if (calls >= step) controller.abort();
    },
  };
}

test('an expression run that is taken up again ends with the same numbers as one in a go', async () => {
  const [whole, broken, killed] = ['fer-whole', 'fer-broken', 'fer-killed'].map((name) => join(folder, name));
  assert.ok(whole !== undefined && broken !== undefined && killed !== undefined);
  await trainFer(ferRecipe, {
    data: folder,
    out: whole,
    onProgress: ({ step }) => {
      // What one that is killed here leaves: the checkpoint of step 2, and the row of step 3.
      if (step === 3) cpSync(whole, killed, { recursive: true });
    },
  });
  // Progress is told at step 3; the checkpoint then is that of step 2, and step 3 is done again.
  await trainFer(ferRecipe, { data: folder, out: broken, ...abortAfter(1) });
  await trainFer(ferRecipe, { data: folder, out: broken });
  await assertSameRun(whole, broken);
  await trainFer(ferRecipe, { data: folder, out: killed });
  await assertSameRun(whole, killed);
  const log = await readFile(join(whole, 'losses.csv'), 'utf8');
  assert.match(log, /^step,softmax,learningRate,accuracy\n3,.*\n6,.*\n$/);
  for (const out of [broken, killed]) assert.equal(await readFile(join(out, 'losses.csv'), 'utf8'), log);
});

/** The rows of a run's `losses.csv`. */
async function rowsOf(out: string): Promise<Record<string, number>[]> {
  const [head = '', ...rows] = (await readFile(join(out, 'losses.csv'), 'utf8')).trimEnd().split('\n');
  const columns = head.split(',');
  return rows.map((row) => {
    const cells = row.split(',').map(Number);
    return Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? NaN]));
  });
}

test('where validation stalls, a run with the rule of the paper goes back to its best weights at half the rate', async () => {
  const [whole, killed] = [join(folder, 'fer-halved'), join(folder, 'fer-halved-killed')];
  const recipe: FerRecipe = {
    ...ferRecipe,
    schedule: { peak: 0.02, warmUp: 0, steps: 8, floor: 0.01, halve: { rise: 0.25, stall: 1 } },
    evaluateEvery: 1,
    checkpointEvery: 3,
  };
  let copied = false;
  await trainFer(recipe, {
    data: folder,
    out: whole,
    onProgress: ({ step }) => {
      // The best weights of then are not those of the checkpoint's moment.
      if (step !== 5) return;
      copied = true;
      cpSync(whole, killed, { recursive: true });
    },
  });
  assert.ok(copied);
  const rows = await rowsOf(whole);
  let [best, rate] = [0, 0.02];
  let halvings = 0;
  for (const [i, { accuracy = 0, learningRate = 0, softmax = 0 }] of rows.entries()) {
    assert.ok(Math.abs(learningRate - rate) < 1e-9, `step ${i + 1}: ${learningRate} is ${rate}`);
    const rose =
      i > 0 && rate === rows[i - 1]?.['learningRate'] && softmax > 1.25 * (rows[i - 1]?.['softmax'] ?? 0);
    if (accuracy <= best || rose) {
      rate /= 2;
      halvings++;
    }
    best = Math.max(best, accuracy);
  }
  assert.ok(halvings > 0, 'the rate was halved');
  await trainFer(recipe, { data: folder, out: killed });
  await assertSameRun(whole, killed);
  assert.deepEqual(await rowsOf(killed), rows);
  // What it goes back to is what it holds as the best.
  const { tensors } = await readCheckpoint(join(whole, 'checkpoint.bin'));
  const { tensors: kept } = await readCheckpoint(join(whole, 'best.bin'));
  for (const [name, { data }] of kept) assert.deepEqual(tensors.get(`best/${name}`)?.data, data, name);
});

test('a run that gets no better stops early, and stays so', async () => {
  const out = join(folder, 'fer-early');
  // It learns nothing, so that no evaluation is better than the first.
  const recipe: FerRecipe = {
    ...ferRecipe,
    schedule: { peak: 1e-12, warmUp: 0, steps: 50, floor: 1 },
    average: 0,
    evaluateEvery: 2,
    stopAfter: 3,
  };
  const told: [number, number][] = [];
  const { steps } = await trainFer(recipe, {
    data: folder,
    out,
    onProgress: ({ step, steps }) => told.push([step, steps]),
  });
  assert.equal(steps, 8);
  assert.deepEqual(told, [
    [2, 50],
    [4, 50],
    [6, 50],
    [8, 8],
  ]);
  const before = await finalWeights(out);
  assert.equal((await trainFer(recipe, { data: folder, out })).steps, 8);
  assert.deepEqual(await finalWeights(out), before);
});

test('TensorBoard finds the numbers of losses.csv, those of a run that was taken up again, too', async () => {
  for (const run of ['fer-whole', 'fer-broken', 'fer-killed'].map((name) => join(folder, name))) {
    const points = new Map<string, number>();
    for (const name of (await readdir(run)).filter((file) => file.startsWith('events.out.tfevents.'))) {
      for (const { step, tag, value } of pointsOf(await readFile(join(run, name)))) {
        points.set(`${tag} ${step}`, value);
      }
    }
    const rows = await rowsOf(run);
    const expected = rows.flatMap(({ step, ...terms }) =>
      Object.entries(terms).map(([tag, value]) => [`${tag} ${step}`, Math.fround(value)] as const),
    );
    assert.deepEqual(new Map([...points].sort()), new Map([...expected].sort()));
  }
});

/** The scalars of an event file: TFRecords of the protocol buffer Event (tensorflow/core/util/event.proto). */
function* pointsOf(file: Buffer): Generator<{ step: number; tag: string; value: number }> {
  for (let at = 0; at < file.length;) {
    const length = Number(file.readBigUInt64LE(at));
    // The length has a checksum behind it, and so have the bytes.
    const event = fieldsOf(file.subarray(at + 12, at + 12 + length));
    at += 16 + length;
    const summary = event.get(5);
    if (!Buffer.isBuffer(summary)) continue;
    const value = fieldsOf(fieldsOf(summary).get(1) as Buffer);
    yield {
      step: Number(event.get(2) ?? 0),
      tag: (value.get(1) as Buffer).toString(),
      value: (value.get(2) as Buffer).readFloatLE(),
    };
  }
}

/** The fields of a protocol buffer by their numbers: whole numbers, and the bytes of all else. */
function fieldsOf(message: Buffer): Map<number, number | Buffer> {
  const fields = new Map<number, number | Buffer>();
  let at = 0;
  const varint = (): number => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = message[at++] ?? 0;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const key = varint();
    const wire = key & 7;
    if (wire === 0) {
      fields.set(key >> 3, varint());
      continue;
    }
    const size = wire === 1 ? 8 : wire === 5 ? 4 : varint();
    fields.set(key >> 3, message.subarray(at, (at += size)));
  }
  return fields;
}

test('a run whose loss is no number ends by saying so, and leaves no such weights', async () => {
  const [fer, hng] = [join(folder, 'fer-diverged'), join(folder, 'hng-diverged')];
  const ends = { code: 'E_TRAINING', advice: /peak/ };
  const schedule = { peak: 1e20, warmUp: 0, steps: 6, floor: 0.1 };
  await assert.rejects(trainFer({ ...ferRecipe, schedule }, { data: folder, out: fer }), ends);
  await assert.rejects(trainHng({ ...hngRecipe, schedule }, { data: folder, out: hng }), ends);
  for (const out of [fer, hng]) assert.deepEqual(await readdir(out), []);
});

test('a recipe that leaves nobody to train on is refused', async () => {
  const [source] = ferRecipe.sources;
  const weightless = { ...source, classWeights: CLASSES.map(() => 0) } as typeof source;
  for (const only of [{ ...source, holdOutEvery: 1 } as typeof source, weightless]) {
    const recipe = { ...ferRecipe, sources: only === undefined ? [] : [only] };
    const run = trainFer(recipe, { data: folder, out: join(folder, 'nobody') });
    await assert.rejects(run, { code: 'E_TRAINING', message: /no face to train on/, advice: /holdOutEvery/ });
  }
});

test('another recipe does not go on in the folder of a run', async () => {
  await assert.rejects(
    trainFer({ ...ferRecipe, seed: 4 }, { data: folder, out: join(folder, 'fer-whole') }),
    { code: 'E_TRAINING' },
  );
});

for (const loss of metricLossNames) {
  test(`the joint stage runs with the ${loss} loss and trains the metric branch`, async () => {
    const out = join(folder, `joint-${loss}`);
    const recipe = ferRecipeSchema.parse({
      ...ferRecipe,
      schedule: { ...ferRecipe.schedule, steps: 2 },
      metric: { gamma: 1, perClass: 2, loss },
    });
    const before = join(folder, `joint-${loss}-start`);
    await trainFer(
      ferRecipeSchema.parse({ ...recipe, schedule: { ...recipe.schedule, peak: 1e-12, steps: 1 } }),
      { data: folder, out: before, references: (faces) => faces },
    );
    await trainFer(recipe, {
      data: folder,
      out,
      references: (faces) => faces.map((face) => face.map((level) => level >> 1)),
    });
    const [old, trained] = [await finalWeights(before), await finalWeights(out)];
    const moved = (name: string): boolean =>
      trained
        .get(`trained/${name}`)
        ?.some((value, i) => Math.abs(value - (old.get(`trained/${name}`)?.[i] ?? 0)) > 1e-6) === true;
    for (const name of [
      'logits/weights',
      'fc3/weights',
      'p1/weights',
      'p2/weights',
      'fc5/weights',
      'conv1/weights',
    ])
      assert.ok(moved(name), name);
  });
}

test('references that train the softmax, too, are taken for neutral', async () => {
  // A pattern that is none of the faces.
  const board = (side: number): Uint8Array =>
    Uint8Array.from({ length: side * side }, (_, i) =>
      ((i >> 3) + Math.floor(i / side / 8)) % 2 === 0 ? 60 : 190,
    );
  const face: CachedFace = { path: 'board.png', label: 0, target: CLASSES.map(() => 0), subject: undefined };
  const cache = { name: 'board', faces: [face], pixels: board(canvasSide) };
  const neutral = async (referencesAsNeutral: boolean): Promise<number> => {
    const out = join(folder, `as-neutral-${referencesAsNeutral}`);
    const recipe = ferRecipeSchema.parse({
      ...ferRecipe,
      schedule: { peak: 2e-3, warmUp: 0, steps: 20, floor: 1 },
      average: 0,
      evaluateEvery: 20,
      metric: { gamma: 0.1, perClass: 2, loss: 'radial', referencesAsNeutral },
    });
    await trainFer(recipe, { data: folder, out, references: (faces) => faces.map(() => board(64)) });
    const { network, parameters } = await readTrainedExpression(join(out, 'last.bin'));
    const variables = createVariables(network, createRandom(0), parameters);
    const { probabilities } = answersAt(predictFaces(network, variables, cache), 1);
    disposeVariables(variables);
    return probabilities[0]?.[0] ?? NaN;
  };
  const [taught, untaught] = [await neutral(true), await neutral(false)];
  assert.ok(taught > 0.99 && untaught < 0.9, `${taught} where they train it, ${untaught} where not`);
  const metric = { gamma: 1, perClass: 2, loss: 'triplet', referencesAsNeutral: true };
  assert.match(String(ferRecipeSchema.safeParse({ ...ferRecipe, metric }).error), /has no references/);
});

test('the mean of a softmax run and a joint one has the metric branch of the joint one', async () => {
  const [soft, joint] = [join(folder, 'fer-whole', 'last.bin'), join(folder, 'joint-radial', 'last.bin')];
  const out = join(folder, 'mean.bin');
  await averageCheckpoints([soft, joint], out);
  const [a, b, mean] = await Promise.all([soft, joint, out].map((file) => readCheckpoint(file)));
  assert.deepEqual(mean?.state, {
    recipe: (b?.state as { recipe: FerRecipe }).recipe,
    meanOf: ['test', 'test'],
  });
  // A mean of a mean says what both are of.
  const again = join(folder, 'mean-again.bin');
  await averageCheckpoints([soft, out], again);
  assert.deepEqual((await readTrainedExpression(again)).meanOf, ['test', 'test', 'test']);
  const numbers = (checkpoint: typeof a, name: string): readonly number[] => [
    ...(checkpoint?.tensors.get(name)?.data ?? []),
  ];
  assert.deepEqual(numbers(mean, 'fc5/weights'), numbers(b, 'fc5/weights'));
  numbers(mean, 'conv1/weights').forEach((value, i) => {
    const expected = ((numbers(a, 'conv1/weights')[i] ?? NaN) + (numbers(b, 'conv1/weights')[i] ?? NaN)) / 2;
    assert.ok(Math.abs(value - expected) < 1e-6);
  });
  await assert.rejects(averageCheckpoints([join(folder, 'fer-whole', 'checkpoint.bin'), joint], out), {
    code: 'E_TRAINING',
  });
});

test('softmax alone leaves the metric branch as it was', async () => {
  const { tensors } = await readCheckpoint(join(folder, 'fer-whole', 'checkpoint.bin'));
  assert.ok(tensors.has('trained/fc2/weights'));
  assert.ok(!tensors.has('trained/fc3/weights'));
});

const hngRecipe = hngRecipeUnderTest({
  mix: { pairs: 2, loosePairs: 0, neutral: 1, alone: 1 },
  weights: {
    feature: 0.01,
    identity: 0.03,
    pixel: 1,
    symmetry: 0.1,
    adversarial: 0.1,
    expression: 0,
    change: 0.1,
  },
  schedule: { peak: 1e-3, warmUp: 1, steps: 4, floor: 0.1 },
  adversarialFrom: 1,
  average: 0.9,
  checkpointEvery: 2,
  gridEvery: 100,
});

test('a generator run that is taken up again ends with the same numbers as one in a go', async () => {
  const [whole, broken] = [join(folder, 'hng-whole'), join(folder, 'hng-broken')];
  await trainHng(hngRecipe, { data: folder, out: whole });
  const controller = new AbortController();
  // Aborted before the first step of the second half: the loop checks the signal between steps.
  const half = trainHng(hngRecipe, { data: folder, out: broken, signal: controller.signal });
  setImmediate(() => {
    controller.abort();
  });
  await half;
  await trainHng(hngRecipe, { data: folder, out: broken });
  await assertSameRun(whole, broken);
});

test('a run that is to go on, and another kind of network, are not taken for a trained one', async () => {
  const [fer, hng] = [join(folder, 'fer-whole'), join(folder, 'hng-whole')];
  const unfinished = {
    code: 'E_TRAINING',
    message: /is a run that is to go on/,
    advice: /best\.bin|last\.bin/,
  };
  await assert.rejects(readTrainedExpression(join(fer, 'checkpoint.bin')), unfinished);
  await assert.rejects(readGenerator(join(hng, 'checkpoint.bin')), unfinished);
  await assert.rejects(readTrainedExpression(join(hng, 'last.bin')), /does not hold an expression network/);
  await assert.rejects(readGenerator(join(fer, 'last.bin')), /does not hold a generator/);
  const residual = ferNetworkNamed('residual-96');
  await assert.rejects(
    readTrainedExpression(join(fer, 'last.bin'), residual),
    /is not of the network fer-residual: .* is missing/,
  );
});

test('a generator is taught by the one it starts from, and by nothing where that is not named', async () => {
  const taught = hngRecipeSchema.parse({
    ...hngRecipe,
    name: 'taught',
    start: 'checkpoint',
    mix: { ...hngRecipe.mix, taught: 2 },
  });
  const from = join(folder, 'hng-whole', 'last.bin');
  const { state, tensors } = await readCheckpoint<{ recipe: FerRecipe }>(
    join(folder, 'fer-whole', 'last.bin'),
  );
  const expression = { network: ferNetworkNamed(state.recipe.network), parameters: tensors };
  const out = join(folder, 'hng-taught');
  await assert.rejects(trainHng(taught, { data: folder, out, expression }), { code: 'E_TRAINING' });
  await assert.rejects(trainHng(taught, { data: folder, out, from }), { code: 'E_TRAINING' });
  await trainHng(taught, { data: folder, out, from, expression });
  assert.notDeepEqual(
    (await readCheckpoint(join(out, 'last.bin'))).tensors,
    (await readCheckpoint(from)).tensors,
  );
});

test('a network that sees expressive faces no farther from their references is not released', async () => {
  const generator = await readGenerator(join(folder, 'hng-whole', 'last.bin'));
  const checkpoint = join(folder, 'fer-whole', 'last.bin');
  const out = join(folder, 'release-without-scale');
  const release = { checkpoint, data: folder, out, version: '1.0.0', generator, weights: 'float32' } as const;
  await assert.rejects(releaseFer(release), { code: 'E_TRAINING', message: /intensity has no scale/ });
  assert.ok(!existsSync(out));
});

test('trained networks are released in each format, and the numbers are of what was written', async () => {
  const generator = await readGenerator(join(folder, 'hng-whole', 'last.bin'));
  const sizes: number[] = [];
  for (const weights of ['float32', 'float16', 'int8'] as const) {
    const out = join(folder, `release-${weights}`);
    const checkpoint = join(folder, 'joint-radial', 'last.bin');
    const written = await releaseFer({ checkpoint, data: folder, out, version: '1.2.3', generator, weights });
    const { artifact, model } = await readFerModel(out);
    assert.deepEqual(artifact, written);
    assert.equal(artifact.weights, weights);
    const cache = await readFaceCache(folder, 'made-up');
    const answers = await withModel(model, (session) => answersOf(session, cache));
    assert.equal(artifact.metrics['accuracy'], reportOn(answers).accuracy);
    const card = await readFile(join(out, 'card.md'), 'utf8');
    assert.match(card, weights === 'int8' ? /8-bit integers/ : /-bit floats/);
    assert.doesNotMatch(card, /trunk starts/, 'this one began at random');
    assert.match(card, /^On the 32 pictures of made-up /m);
    assert.doesNotMatch(card, /FER\+|European descent/, 'nothing is known of the people in sets of others');
    sizes.push(model.length);
  }
  const [float32 = 0, float16 = 0, int8 = 0] = sizes;
  assert.ok(float16 < 0.6 * float32 && int8 < float16, sizes.join());
});

test('people are told as held out only where somebody is', async () => {
  const { state, tensors } = await readCheckpoint<{ recipe: FerRecipe }>(
    join(folder, 'joint-radial', 'last.bin'),
  );
  const checkpoint = join(folder, 'nobody-held-out.bin');
  // None of the four people's ids has a hash that a thousand divides.
  const sources = state.recipe.sources.map((source) => ({ ...source, holdOutEvery: 1000 }));
  await writeCheckpoint(checkpoint, { state: { recipe: { ...state.recipe, sources } }, tensors });
  const generator = await readGenerator(join(folder, 'hng-whole', 'last.bin'));
  const out = join(folder, 'release-nobody-held-out');
  const released = {
    checkpoint,
    data: folder,
    out,
    version: '1.0.0',
    generator,
    weights: 'float32',
  } as const;
  const { metrics } = await releaseFer(released);
  assert.ok(!Object.keys(metrics).some((name) => name.includes('held out')), Object.keys(metrics).join());
  assert.doesNotMatch(await readFile(join(out, 'card.md'), 'utf8'), /held out/);
});

test('a released mean of checkpoints says so, also when it is imported and exported again', async () => {
  const { state, tensors } = await readCheckpoint<{ recipe: FerRecipe }>(
    join(folder, 'joint-radial', 'last.bin'),
  );
  const checkpoint = join(folder, 'a-mean.bin');
  const meanOf = ['softmax', 'softmax', 'test'];
  await writeCheckpoint(checkpoint, { state: { ...state, meanOf }, tensors });
  const generator = await readGenerator(join(folder, 'hng-whole', 'last.bin'));
  const out = join(folder, 'release-mean');
  const release = { checkpoint, data: folder, out, version: '1.0.0', generator, weights: 'float32' } as const;
  const { recipe, ...artifact } = await releaseFer(release);
  assert.deepEqual([recipe, artifact.meanOf], ['test', meanOf]);
  const card = await readFile(join(out, 'card.md'), 'utf8');
  assert.match(card, /`test`;\nthe weights are the mean of 3 checkpoints, of `softmax`, `test`\./);
  const imported = join(folder, 'imported-mean.bin');
  await importModel(out, ferRecipe, imported);
  assert.deepEqual((await readTrainedExpression(imported)).meanOf, meanOf);
});

test('a generator of integers is taken only where its references stay within 40 dB', async () => {
  const checkpoint = join(folder, 'hng-whole', 'last.bin');
  const out = join(folder, 'release-hng');
  const judged = join(folder, 'judgement.json');
  const part = { column: 'expression', value: 'anger', faces: 22 };
  const said = {
    metrics: { 'same person by another network': 0.875 },
    sentences: ['A sentence of another network.'],
    parts: [{ ...part, neutralBefore: 0.25, neutral: 0.5, samePerson: 1 }],
  };
  await writeFile(judged, JSON.stringify(said));
  const release = { checkpoint, data: folder, out, version: '1.0.0', weights: 'auto' } as const;
  const { weights, metrics } = await releaseHng({
    ...release,
    judgement: await readGeneratorJudgement(judged),
  });
  assert.equal((await readHngModel(out)).artifact.weights, weights);
  assert.ok((metrics['least PSNR to float32'] ?? 0) >= 40, weights);
  assert.equal(metrics['same person by another network'], 0.875);
  const card = await readFile(join(out, 'card.md'), 'utf8');
  assert.match(card, /in the same light \(made-up\)/);
  assert.match(card, /^- A sentence of another network\.$/m);
  assert.match(card, /^\| expression: anger \| 22 \| 25\.0 % \| 50\.0 % \| 100\.0 % \|$/m);

  await writeFile(judged, JSON.stringify({ ...said, parts: [{ ...part, neutral: 2 }] }));
  await assert.rejects(readGeneratorJudgement(judged), { code: 'E_TRAINING', message: /judge-generator/ });
});

test('an exported model becomes a checkpoint again, from which the same numbers are exported', async () => {
  const generator = await readGenerator(join(folder, 'hng-whole', 'last.bin'));
  const checkpoint = join(folder, 'imported', 'fer.bin');
  await importModel(join(folder, 'release-float32'), ferRecipe, checkpoint);
  const out = join(folder, 'release-again');
  const again = await releaseFer({
    checkpoint,
    data: folder,
    out,
    version: '1.2.3',
    generator,
    weights: 'float32',
  });
  assert.deepEqual(again, (await readFerModel(join(folder, 'release-float32'))).artifact);

  const asked = importModel(join(folder, 'release-hng'), ferRecipe, join(folder, 'none.bin'));
  await assert.rejects(asked, { code: 'E_MODEL_INVALID', message: /is a reference generator/ });
  const other = { ...ferRecipe, name: 'other' };
  await assert.rejects(importModel(out, other, join(folder, 'none.bin')), { code: 'E_CONFIG' });
  const wider: FerRecipe = { ...ferRecipe, network: 'inception-std' };
  await assert.rejects(importModel(out, wider, join(folder, 'none.bin')), { code: 'E_MODEL_INVALID' });
  assert.ok(!existsSync(join(folder, 'none.bin')));
});

test('a graph that gives other numbers than the trained network is not exported', () => {
  requireParity('test', [[0.5, 0.5]], [[0.5005, 0.4995]]);
  assert.throws(
    () => {
      requireParity('test', [[0.5, 0.5]], [[0.51, 0.49]]);
    },
    { code: 'E_TRAINING' },
  );
  assert.throws(
    () => {
      requireParity('test', [[NaN, 0.5]], [[0.5, 0.5]]);
    },
    { code: 'E_TRAINING' },
  );
});
