import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { before, test } from 'node:test';
import { CLASSES } from '@deadpan/shared';
import { CENTRE_CROP, EXPRESSION_INPUT_SIZE, writeExpressionInput } from '@deadpan/vision';
import {
  buildLandmarkNet,
  buildSsdDetector,
  buildTinyDetector,
  LANDMARK_INPUT_SIZE,
} from '../face-api/index.js';
import { describeFace } from '../faces/described-face.js';
import { createSsdDetector } from '../faces/face-detector.js';
import { regionOfBox } from '../faces/face-region.js';
import { createLandmarker } from '../faces/landmarker.js';
import { encodeModel, readModel } from '../onnx/index.js';
import { openEngine } from './engine.js';
import { onnxruntimeEngine } from './onnxruntime-engine.js';
import { floatOutput, type Engine, type Tensors } from './session.js';

/* Both engines on the faces of the demo clip: 100 of them. */

const FACES = 100;
const [WIDTH, HEIGHT] = [640, 360];
const root = new URL('../../../../', import.meta.url);
const released = (name: string): Uint8Array => readFileSync(new URL(`models/${name}/model.onnx`, root));

const onnxruntime = onnxruntimeEngine('cpu');
const tensorflow = await openEngine('tfjs');
const frames: Uint8Array[] = [];
const crops: Uint8Array[] = [];

before(async () => {
  const clip = fileURLToPath(new URL('test/media/clip.mp4', root));
  const video = execFileSync(
    'ffmpeg',
    [
      ...[
        '-nostdin',
        '-v',
        'error',
        '-i',
        clip,
        '-vf',
        "select='not(mod(n,12))'",
        '-fps_mode',
        'passthrough',
      ],
      ...['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'],
    ],
    { maxBuffer: 2 ** 28 },
  );
  const open = (model: Uint8Array) => onnxruntime.open(model);
  const detect = await createSsdDetector(buildSsdDetector(), open);
  const placeLandmarks = await createLandmarker(buildLandmarkNet(), open);
  for (let at = 0; at < video.length && crops.length < FACES; at += WIDTH * HEIGHT * 3) {
    const data = new Uint8Array(video.subarray(at, at + WIDTH * HEIGHT * 3));
    frames.push(data);
    const image = { width: WIDTH, height: HEIGHT, data };
    const boxes = await detect(image, { longSide: 384, limit: 0.5 });
    const squares = boxes.map(({ box }) => regionOfBox(box, LANDMARK_INPUT_SIZE));
    for (const landmarks of await placeLandmarks(image, squares))
      crops.push(describeFace(image, landmarks).crop);
  }
  assert.ok(crops.length >= FACES, `${crops.length} faces`);
  crops.length = FACES;
});

function generatorInput(): Tensors {
  const data = Float32Array.from(
    crops.flatMap((crop) => [...crop]),
    (grey) => grey / 255,
  );
  return { face: { dims: [FACES, 1, 64, 64], data } };
}

function expressionInput(): Tensors {
  const size = EXPRESSION_INPUT_SIZE * EXPRESSION_INPUT_SIZE;
  const data = new Float32Array(FACES * size);
  for (const [i, crop] of crops.entries()) writeExpressionInput(crop, CENTRE_CROP, data, i * size);
  return { face: { dims: [FACES, 1, EXPRESSION_INPUT_SIZE, EXPRESSION_INPUT_SIZE], data } };
}

/** The middle of the first frame, as a detector reads it. */
function picture(width: number, height: number): Tensors {
  const [frame = new Uint8Array(0)] = frames;
  const [left, top] = [Math.floor((WIDTH - width) / 2), Math.floor((HEIGHT - height) / 2)];
  const data = Float32Array.from({ length: 3 * width * height }, (_, i) => {
    const [channel, y, x] = [Math.floor(i / width / height), Math.floor(i / width) % height, i % width];
    return frame[((top + y) * WIDTH + left + x) * 3 + channel] ?? 0;
  });
  return { image: { dims: [1, 3, height, width], data } };
}

async function answer(engine: Engine, model: Uint8Array, inputs: Tensors): Promise<Tensors> {
  const session = await engine.open(model);
  const outputs = await session.run(inputs);
  await session.release();
  return outputs;
}

async function assertParity(model: Uint8Array, inputs: Tensors, limit: number): Promise<void> {
  const expected = await answer(onnxruntime, model, inputs);
  const actual = await answer(tensorflow, model, inputs);
  assert.deepEqual(Object.keys(actual), Object.keys(expected));
  for (const name of Object.keys(expected)) {
    const [wanted, given] = [floatOutput(expected, name), floatOutput(actual, name)];
    assert.deepEqual([...given.dims], [...wanted.dims]);
    const worst = wanted.data.reduce((most, value, i) => {
      const difference = Math.abs(value - (given.data[i] ?? NaN));
      return difference <= most ? most : difference;
    }, 0);
    assert.ok(worst < limit, `${name} differs by ${worst}`);
  }
}

/** The same weights with activations that are not rounded: an ulp before a rounding is a whole step behind it. */
function withoutRounding(model: Uint8Array): Uint8Array {
  const graph = readModel(model);
  const stored = new Map(
    graph.nodes.flatMap(({ operator, inputs: [x = ''], output }) =>
      operator === 'QuantizeLinear' ? [[output, x]] : [],
    ),
  );
  const real = new Map<string, string>();
  const nodes = graph.nodes.splice(0);
  for (const node of nodes) {
    const [x = ''] = node.inputs;
    if (stored.has(node.output)) continue;
    if (stored.has(x)) real.set(node.output, stored.get(x) ?? '');
    else graph.nodes.push({ ...node, inputs: node.inputs.map((input) => real.get(input) ?? input) });
  }
  return encodeModel(graph);
}

test('the released networks give the same on 100 faces, but for rounding: within 1e-3', async () => {
  await assertParity(withoutRounding(released('fer')), expressionInput(), 1e-3);
  await assertParity(withoutRounding(released('hng')), generatorInput(), 1e-3);
});

test('detectors and landmarks give the same: within 1e-3', async () => {
  await assertParity(buildSsdDetector({ float: true }).model, picture(384, 224), 1e-3);
  await assertParity(buildTinyDetector(), picture(96, 96), 1e-3);
  await assertParity(buildLandmarkNet(), picture(112, 112), 1e-3);
});

test('the released networks as they are: the same expression on 99 of 100 faces, references 45 dB apart', async () => {
  const [ours, theirs] = await Promise.all(
    [tensorflow, onnxruntime].map((engine) => answer(engine, released('fer'), expressionInput())),
  );
  const rows = [ours, theirs].map((outputs) => floatOutput(outputs ?? {}, 'probabilities').data);
  const best = (row: Float32Array): number => row.indexOf(Math.max(...row));
  const classes = CLASSES.length;
  const agreed = crops.filter((_, i) => {
    const [a = -1, b = -2] = rows.map((data) => best(data.subarray(i * classes, (i + 1) * classes)));
    return a === b;
  });
  assert.ok(agreed.length >= 99, `${agreed.length} agree`);
  const references = async (engine: Engine): Promise<Float32Array> =>
    floatOutput(await answer(engine, released('hng'), generatorInput()), 'reference').data;
  const [drawn, expected] = [await references(tensorflow), await references(onnxruntime)];
  const squares = drawn.reduce((sum, value, i) => sum + (value - (expected[i] ?? NaN)) ** 2, 0);
  const decibels = -10 * Math.log10(squares / (FACES * 64 * 64));
  assert.ok(decibels > 45, `${decibels} dB`);
});

test('an input that is missing, a graph of another engine and a broken one are told', async () => {
  const session = await tensorflow.open(buildTinyDetector());
  await assert.rejects(session.run({}), /needs an input called image/);
  await session.release();
  await assert.rejects(tensorflow.open(Buffer.from('no model')), { code: 'E_MODEL_INVALID' });
});
