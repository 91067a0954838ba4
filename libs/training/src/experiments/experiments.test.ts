import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CLASSES } from '@deadpan/shared';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { centreCrop, takeCrop } from '../datasets/augment-face.js';
import { expressionInput } from '../datasets/expression-input.js';
import {
  canvasOf,
  canvasSide,
  faceOfCanvas,
  type CachedFace,
  type FaceCache,
} from '../datasets/face-cache.js';
import { runNetwork, runSomeLayers } from '../networks/run-network.js';
import { createVariables } from '../networks/variables.js';
import { subjectFolds } from '../protocols/folds.js';
import { createRandom, uniform } from '../random.js';
import { runExperiment, type ExperimentOptions, type ExperimentProgress } from './experiment.js';
import { frozenFeatures } from './frozen-features.js';
import { identityErrors } from './identity-errors.js';
import { metricLossOf } from './method.js';
import { planRuns } from './run-plan.js';
import { spreadOf, summarizeMethods, summarizeTimes } from './summary.js';
import type { RunResult } from './train-run.js';
import { trunkNamed } from './trunk.js';

const folder = await mkdtemp(join(tmpdir(), 'deadpan-experiment-'));
after(() => rm(folder, { recursive: true }));

// Faces made up of a bright blob whose place tells the class; six people, two pictures of each class.
function madeUpFaces(): FaceCache {
  const random = createRandom(7);
  const labels = [0, 1, 2];
  const faces: CachedFace[] = [];
  const canvases: Uint8Array[] = [];
  for (let person = 0; person < 6; person++) {
    for (const label of [...labels, ...labels]) {
      faces.push({
        path: `${faces.length}.png`,
        label,
        target: CLASSES.map((_, k) => (k === label ? 1 : 0)),
        subject: `person ${person}`,
        sequence: `${person} ${label}`,
      });
      const [x0, y0] = [30 + label * 18, 40 + (label % 2) * 20];
      canvases.push(
        Uint8Array.from({ length: canvasSide * canvasSide }, (_, i) => {
          const [x, y] = [i % canvasSide, Math.floor(i / canvasSide)];
          return 60 + uniform(random, 0, 20) + 150 * Math.exp(-((x - x0) ** 2 + (y - y0) ** 2) / 60);
        }),
      );
    }
  }
  return { name: 'made-up', faces, pixels: Buffer.concat(canvases) };
}
const set = madeUpFaces();

function experiment(name: string, change: Partial<ExperimentOptions> = {}): ExperimentOptions {
  return {
    title: 'made up',
    set,
    splits: subjectFolds(
      set.faces.map(({ subject }) => subject),
      3,
    ),
    deal: 'interleaved',
    bySequence: true,
    methods: ['softmax', 'triplet', 'radial'],
    folds: 2,
    seeds: [1],
    gamma: 1,
    trunk: 'inception-small',
    training: {
      steps: 40,
      perClass: 4,
      learningRate: 3e-3,
      weightDecay: 0.01,
      margin: 0.5,
      threshold: 0.5,
      evaluateEvery: 10,
    },
    figures: [],
    identity: { weights: [], scale: 40, autoEncoderSteps: 1, steps: 1 },
    out: join(folder, name),
    generator: 'half as bright',
    referencesOf: (faces) => Promise.resolve(faces.map((face) => face.map((level) => level >> 1))),
    ...change,
  };
}

test('the frozen part and the trained part together are the whole network', async () => {
  const trunk = trunkNamed('residual', 3, 0.1);
  const features = await frozenFeatures(
    trunk,
    2,
    (index) => canvasOf(set, index),
    { plain: [0, 1], mirrored: [1] },
    folder,
    'two',
  );
  const random = () => createRandom(4);
  const variables = createVariables(trunk.network, random(), trunk.parameters);
  const whole = runNetwork(
    trunk.network,
    variables,
    tf.tensor4d(expressionInput(takeCrop(canvasOf(set, 1), { ...centreCrop, flip: true })), [1, 60, 60, 1]),
  )['logits']?.dataSync();
  const values = new Map<string, Tensor>([
    [trunk.from, tf.tensor4d(features.mirrored.slice(features.size), [1, ...trunk.shape]) satisfies Tensor4D],
  ]);
  runSomeLayers(trunk.network, variables, values, (layer) => !trunk.frozen.has(layer));
  const parts = values.get('logits')?.dataSync();
  assert.equal(whole?.length, 3);
  whole.forEach((value, i) => {
    assert.ok(Math.abs(value - (parts?.[i] ?? NaN)) < 1e-3 * Math.max(1, Math.abs(value)));
  });
  assert.ok(features.mirrored.subarray(0, features.size).every((value) => value === 0));
});

test('every method is trained on the same folds, learns, and is summed up by sequence', async () => {
  const before = tf.memory().numTensors;
  const { results } = await runExperiment(experiment('whole'));
  assert.equal(tf.memory().numTensors, before);
  assert.deepEqual(
    results.methods.map(({ method, comparisons }) => [method, comparisons]),
    [
      ['softmax', 0],
      ['triplet', 12 ** 3],
      ['radial', 24],
    ],
  );
  for (const { method, accuracy, confusion } of results.methods) {
    // Two folds of two people with three sequences each.
    assert.equal(
      confusion.flat().reduce((sum, count) => sum + count),
      12,
      method,
    );
    assert.equal(accuracy.runs, 2);
    assert.ok(accuracy.mean > 0.6, `${method} gets ${accuracy.mean} of three classes right`);
  }
  assert.deepEqual(
    results.times.map(({ method }) => method),
    ['softmax', 'triplet', 'radial'],
  );
});

test('RML with the printed signs stands in the table beside the default, and is another loss', async () => {
  const methods = ['softmax', 'radial', 'radial-printed'] as const;
  const { results } = await runExperiment(experiment('signs', { methods, folds: 1 }));
  assert.deepEqual(
    results.methods.map(({ method, title, comparisons }) => [method, title, comparisons]),
    [
      ['softmax', 'Softmax alone', 0],
      ['radial', 'RML, learnt T, references', 24],
      ['radial-printed', 'RML, learnt T, references, printed signs', 24],
    ],
  );
  // Two queries around their centre: H falls with their distance by default, and grows with it as printed.
  const lossOf = (method: 'radial' | 'radial-printed', x: number): number =>
    tf.tidy(() => {
      const one = tf.tensor2d([[1]]);
      const batch = {
        queries: tf.tensor2d([[x], [-x]]),
        references: tf.tensor2d([[3], [3]]),
        labels: [0, 0],
        subjects: [undefined, undefined],
        neutral: undefined,
      };
      const metric = { la: one, lb: one, c: tf.tensor2d([[0]]), b: tf.scalar(0) };
      const options = { margin: 0.5, threshold: 0.5, signs: 'consistent' } as const;
      return metricLossOf(method)?.loss(batch, options, metric).dataSync<'float32'>()[0] ?? NaN;
    });
  assert.ok(lossOf('radial', 0.5) > lossOf('radial', 0.1), 'a query far from its centre costs more');
  assert.ok(lossOf('radial-printed', 0.5) < lossOf('radial-printed', 0.1), 'here it costs less');
});

test('a stopped experiment goes on: what is done stays, and the numbers are those of one in a go', async () => {
  const stop = new AbortController();
  const onProgress = ({ task, done }: ExperimentProgress): void => {
    if (task.startsWith('triplet') && done === 1) stop.abort();
  };
  const options = experiment('stopped');
  await assert.rejects(runExperiment({ ...options, onProgress, signal: stop.signal }), {
    code: 'E_INTERRUPTED',
  });
  const runs = join(options.out, 'runs');
  const [first, ...more] = await readdir(runs);
  assert.equal(first, 'softmax-slope0.1-fold1-seed1.json');
  assert.deepEqual(more, []);
  const { mtimeMs } = await stat(join(runs, first));
  const again = await runExperiment(options);
  assert.equal((await stat(join(runs, first))).mtimeMs, mtimeMs);
  const { results: whole } = await runExperiment(experiment('whole'));
  const numbers = (list: readonly RunResult[]): unknown =>
    list.map(({ method, fold, confusion, curve }) => [method, fold, confusion, curve.map((p) => p.accuracy)]);
  assert.deepEqual(numbers(again.results.runs), numbers(whole.runs));
});

test('another experiment does not go on in the same folder', async () => {
  // As many faces as before, one of them another.
  const pixels = Uint8Array.from(set.pixels);
  pixels[0] = 255 - (pixels[0] ?? 0);
  for (const other of [
    { trunk: 'residual' },
    { generator: 'another' },
    { deal: 'blocks' },
    { set: { ...set, pixels } },
  ] as const) {
    const options = experiment('whole', other);
    await assert.rejects(runExperiment(options), { code: 'E_TRAINING', message: /another experiment/ });
  }
});

test('folds without anybody to train a class are refused by name', async () => {
  const splits = [{ name: 'fold 1', train: [0, 1], validation: [2], test: [3] }];
  await assert.rejects(runExperiment(experiment('lacking', { splits })), {
    code: 'E_DATA',
    message: /fold 1: no face trains surprise/,
  });
});

// Two pictures of each of 24 people, neutral and smiling.
const [neutral, smiling] = [0, 1].map((label) => set.faces.findIndex((face) => face.label === label));
const both = [neutral ?? 0, smiling ?? 0];
const people: FaceCache = {
  name: 'people',
  faces: Array.from({ length: 48 }, (_, i): CachedFace => {
    const label = i % 2;
    const target = CLASSES.map((_class, k) => (k === label ? 1 : 0));
    return { path: `${i}.png`, label, target, subject: `person ${Math.floor(i / 2)}` };
  }),
  pixels: Buffer.concat(
    Array.from({ length: 48 }, (_, i) =>
      canvasOf(set, both[i % 2] ?? 0).map((level, at) =>
        at % (2 + Math.floor(i / 2)) === 0 ? 255 - level : level,
      ),
    ),
  ),
};

const sweep = { weights: [0, 0.03], scale: 40, autoEncoderSteps: 2, steps: 3 };

test('identity errors are counted for each weight on people who were held out, once', async () => {
  const out = join(folder, 'identity');
  const errors = () => identityErrors(people, out, sweep, () => undefined);
  const { byWeight: rows, autoEncoder } = await errors();
  assert.deepEqual(
    rows.map(({ weight }) => weight),
    [0, 0.03],
  );
  for (const row of [autoEncoder, ...rows])
    assert.ok(row.errors >= 0 && row.errors <= 1 && row.threshold > 0);
  const start = join(out, 'auto-encoder-2');
  const written = () => stat(join(start, 'weight-0-times-40-steps-3', 'errors.json'));
  const { mtimeMs } = await written();
  assert.deepEqual((await errors()).byWeight, rows);
  assert.equal((await written()).mtimeMs, mtimeMs, 'what is done is not done again');
  assert.equal(rows[0]?.distances.faceToReference.length, rows[0]?.distances.bins.length);
  assert.deepEqual(
    rows[0]?.distances.samePerson,
    rows[1]?.distances.samePerson,
    'both are seen beside the same pairs',
  );
  await assert.rejects(
    identityErrors(set, join(folder, 'few'), sweep, () => undefined),
    { code: 'E_DATA' },
  );
});

test('a face stands beside the same person’s neutral face, its reference, and those with and without the loss', async () => {
  const { pictures, results } = await runExperiment(
    experiment('pictures', {
      set: people,
      splits: subjectFolds(
        people.faces.map(({ subject }) => subject),
        3,
      ),
      bySequence: false,
      methods: ['softmax'],
      folds: 1,
      training: { ...experiment('').training, steps: 1 },
      figures: ['faces', 'identity'],
      identity: sweep,
    }),
  );
  assert.equal(results.identityErrors?.byWeight.length, 2);
  // Six people neutral, six smiling; of a neutral face there is no other one of the person.
  assert.equal(pictures.length, 12);
  for (const { expression, face, target, reference, plain } of pictures) {
    assert.deepEqual(
      reference,
      face.map((level) => level >> 1),
    );
    assert.deepEqual(
      plain.map(({ title }) => title),
      ['identity weight 0.03', 'identity weight 0', 'auto-encoder alone'],
    );
    for (const { reference: other } of plain) assert.equal(other.length, face.length);
    const person = people.faces.findIndex(
      (_, i) => Buffer.compare(faceOfCanvas(canvasOf(people, i)), face) === 0,
    );
    if (expression === 'neutral') assert.equal(target, undefined);
    else assert.deepEqual(target, faceOfCanvas(canvasOf(people, person - 1)));
  }
});

const run = (method: 'softmax' | 'radial', seed: number, right: number, curve: number[]): RunResult => ({
  method,
  fold: 0,
  seed,
  gamma: 1,
  alpha: 0.1,
  curve: curve.map((accuracy, i) => ({
    step: 10 * (i + 1),
    seconds: i + 1,
    cpuSeconds: 2 * (i + 1),
    accuracy,
  })),
  comparisons: 0,
  validation: Math.max(...curve),
  bestStep: 0,
  confusion: [
    [right, 10 - right],
    [0, 10],
  ],
  sequenceConfusion: undefined,
});

test('the gain is that of pairs of runs, with the interval of Student', () => {
  const runs = [
    run('softmax', 1, 4, [0.5]),
    run('softmax', 2, 6, [0.5]),
    run('radial', 1, 6, [0.5]),
    run('radial', 2, 10, [0.5]),
  ];
  const radial = summarizeMethods(runs, false)[1];
  // Accuracies 0.7, 0.8 and 0.8, 1.0: gains 0.1 and 0.2.
  assert.ok(Math.abs((radial?.gain?.mean ?? 0) - 0.15) < 1e-9);
  assert.ok(Math.abs((radial?.gain?.deviation ?? 0) - 0.0707107) < 1e-6);
  // 12.706 x 0.0707107 / sqrt(2)
  assert.ok(Math.abs((radial?.gain?.interval?.[1] ?? 0) - (0.15 + 0.6353)) < 1e-4);
  assert.ok(Math.abs((radial?.pooled ?? 0) - 0.9) < 1e-9);
  assert.deepEqual(spreadOf([1, 3]), { mean: 2, deviation: Math.SQRT2, runs: 2 });
});

test('time is counted to the accuracy that a method and RML both reach with the same seed', () => {
  const runs = [run('softmax', 1, 1, [0.3, 0.5, 0.6]), run('radial', 1, 1, [0.6, 0.7, 0.9])];
  assert.deepEqual(
    summarizeTimes(runs).map(({ method, steps, radialSteps, cpuSeconds, ratio }) => [
      method,
      steps.mean,
      radialSteps.mean,
      cpuSeconds.mean,
      ratio,
    ]),
    [
      ['softmax', 30, 10, 6, 3],
      ['radial', 30, 30, 6, 1],
    ],
  );
});

test('a plan holds every run once, also where a figure varies what the methods have anyway', () => {
  const options = { methods: ['softmax', 'radial'] as const, folds: 2, seeds: [1, 2], gamma: 1 };
  assert.equal(planRuns({ ...options, gammaFigure: false, slopeFigure: false }).length, 8);
  // Six more weights and five more slopes for each seed.
  assert.equal(planRuns({ ...options, gammaFigure: true, slopeFigure: true }).length, 8 + 2 * (6 + 5));
});
