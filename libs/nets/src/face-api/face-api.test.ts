import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { sampleRegion, type SampleGrid } from '@deadpan/vision';
import type { RgbImage } from '@deadpan/shared';
import sharp from 'sharp';
import { onnxruntimeEngine } from '../sessions/onnxruntime-engine.js';
import { floatOutput, type Session } from '../sessions/session.js';
import { faceApi, faceApiFolder, tf } from '../tensorflow-under-test.js';
import { buildLandmarkNet, LANDMARK_INPUT_SIZE } from './landmark-net.js';
import { buildSsdDetector, decodeSsd, SSD_SIDE, ssdPriors } from './ssd-detector.js';
import { buildTinyDetector, decodeTiny, TINY_STEP } from './tiny-detector.js';
import { readFaceApiWeights, weightsOf } from './weights.js';
import type { Detection } from './detection.js';

const TINY_SIDE = 416;
const SAMPLES = ['sample1.jpg', 'sample3.jpg', 'sample5.jpg'];
/** face-api pads and shrinks on the pixels' corners. */
const GRID: SampleGrid = 'corner';

const pictures: { name: string; image: RgbImage }[] = [];
const engine = onnxruntimeEngine('cpu');

before(async () => {
  const { nets } = faceApi;
  for (const net of [
    nets.ssdMobilenetv1,
    nets.tinyFaceDetector,
    nets.faceLandmark68Net,
    nets.faceLandmark68TinyNet,
  ]) {
    await net.loadFromDisk(faceApiFolder('model'));
  }
  for (const name of SAMPLES) {
    const { data, info } = await sharp(`${faceApiFolder('demo')}/${name}`)
      .resize(640)
      .raw()
      .toBuffer({ resolveWithObject: true });
    pictures.push({ name, image: { width: info.width, height: info.height, data: new Uint8Array(data) } });
  }
});

test('the SSD detector of floats finds what face-api finds, within a pixel', async () => {
  const { model, anchors } = buildSsdDetector({ float: true });
  const session = await engine.open(model);
  const priors = ssdPriors(anchors, SSD_SIDE, SSD_SIDE);
  for (const { name, image } of pictures) {
    const expected = await faceApi.detectAllFaces(
      toTensor(image),
      new faceApi.SsdMobilenetv1Options({ minConfidence: 0.5 }),
    );
    const outputs = await session.run({ image: square(image, SSD_SIDE) });
    const corrections = floatOutput(outputs, 'corrections').data;
    const found = decodeSsd(priors, corrections, floatOutput(outputs, 'scores').data, 0.5);
    assertSame(name, found, expected, Math.max(image.width, image.height) / SSD_SIDE);
  }
  await session.release();
});

test('the tiny detector finds what face-api finds, within a pixel', async () => {
  const session = await engine.open(buildTinyDetector());
  const cells = TINY_SIDE / TINY_STEP;
  for (const { name, image } of pictures) {
    const options = new faceApi.TinyFaceDetectorOptions({ inputSize: TINY_SIDE, scoreThreshold: 0.5 });
    const expected = await faceApi.detectAllFaces(toTensor(image), options);
    const outputs = await session.run({ image: square(image, TINY_SIDE) });
    const found = decodeTiny(floatOutput(outputs, 'cells').data, cells, cells, 0.5);
    assertSame(name, found, expected, Math.max(image.width, image.height) / TINY_SIDE);
  }
  await session.release();
});

for (const tiny of [false, true]) {
  test(`the ${tiny ? 'tiny ' : ''}landmark network places what face-api places, within half a pixel`, async () => {
    const session = await engine.open(buildLandmarkNet({ tiny }));
    const reference = tiny ? faceApi.nets.faceLandmark68TinyNet : faceApi.nets.faceLandmark68Net;
    for (const { name, image } of pictures) {
      const boxes = await faceApi.detectAllFaces(
        toTensor(image),
        new faceApi.SsdMobilenetv1Options({ minConfidence: 0.5 }),
      );
      assert.ok(boxes.length > 0);
      for (const { box } of boxes) {
        const face = cutOut(image, box);
        const { positions } = await reference.detectLandmarks(toTensor(face));
        const placed = await landmarks(session, face);
        for (const [i, { x, y }] of positions.entries()) {
          const distance = Math.hypot((placed[2 * i] ?? NaN) - x, (placed[2 * i + 1] ?? NaN) - y);
          assert.ok(distance < 0.5, `${name}: landmark ${i} is ${distance} pixels off`);
        }
      }
    }
    await session.release();
  });
}

test('the boxes that the SSD detector starts from are those that face-api ships', () => {
  const table = weightsOf(readFaceApiWeights('ssd_mobilenetv1'), 'Output/extra_dim').data;
  const { anchors } = buildSsdDetector();
  const priors = ssdPriors(anchors, SSD_SIDE, SSD_SIDE);
  assert.equal(priors.length, table.length);
  for (let i = 0; i < priors.length; i += 4) {
    const [x = 0, y = 0, width = 0, height = 0] = priors.subarray(i, i + 4);
    const expected = table.subarray(i, i + 4).map((fraction) => fraction * SSD_SIDE);
    for (const [k, value] of [y - height / 2, x - width / 2, y + height / 2, x + width / 2].entries()) {
      assert.ok(Math.abs(value - (expected[k] ?? NaN)) < 0.1, `box ${i / 4}`);
    }
  }
});

function toTensor({ width, height, data }: RgbImage): object {
  return tf.tensor3d(data, [height, width, 3], 'int32');
}

/** The picture in the top left corner of a square canvas, shrunk to `side` pixels. */
function square(image: RgbImage, side: number) {
  const long = Math.max(image.width, image.height);
  const data = new Float32Array(3 * side * side);
  sampleRegion(image, { x: 0, y: 0, width: long, height: long }, side, side, data, { grid: GRID });
  return { dims: [1, 3, side, side], data };
}

/** The part of a picture that face-api looks at for landmarks, made a square by black as face-api does it. */
function cutOut(image: RgbImage, box: { x: number; y: number; width: number; height: number }): RgbImage {
  const left = Math.max(0, Math.floor(box.x));
  const top = Math.max(0, Math.floor(box.y));
  // Even sides, since face-api shifts the landmarks by half a pixel where an odd number of columns is padded.
  const width = 2 * Math.floor(Math.min(box.width, image.width - left) / 2);
  const height = 2 * Math.floor(Math.min(box.height, image.height - top) / 2);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    const row = ((top + y) * image.width + left) * 3;
    data.set(image.data.subarray(row, row + width * 3), y * width * 3);
  }
  return { width, height, data };
}

/** Landmarks of a cut-out face in its own pixels. */
async function landmarks(session: Session, face: RgbImage): Promise<Float32Array> {
  const side = Math.max(face.width, face.height);
  const [x, y] = [(side - face.width) / 2, (side - face.height) / 2];
  const padded = new Uint8Array(side * side * 3);
  for (let row = 0; row < face.height; row += 1) {
    const line = face.data.subarray(row * face.width * 3, (row + 1) * face.width * 3);
    padded.set(line, ((row + y) * side + x) * 3);
  }
  const size = LANDMARK_INPUT_SIZE;
  const data = new Float32Array(3 * size * size);
  const whole = { x: 0, y: 0, width: side, height: side };
  sampleRegion({ width: side, height: side, data: padded }, whole, size, size, data, { grid: GRID });
  const outputs = await session.run({ image: { dims: [1, 3, size, size], data } });
  return floatOutput(outputs, 'landmarks').data.map((value, i) => value * side - (i % 2 === 0 ? x : y));
}

function assertSame(
  name: string,
  found: readonly Detection[],
  expected: readonly { readonly box: Detection['box']; readonly score: number }[],
  scale: number,
): void {
  assert.ok(expected.length > 0, `${name}: face-api finds nothing`);
  assert.equal(found.length, expected.length, name);
  for (const [i, { box, score }] of expected.entries()) {
    const ours = found[i];
    assert.ok(ours !== undefined && Math.abs(ours.score - score) < 1e-3, `${name}: score of face ${i}`);
    const x = ours.box.x * scale;
    const y = ours.box.y * scale;
    const corners = [
      x - box.x,
      y - box.y,
      x + ours.box.width * scale - box.x - box.width,
      y + ours.box.height * scale - box.y - box.height,
    ];
    assert.ok(
      corners.every((distance) => Math.abs(distance) <= 1),
      `${name}: face ${i} is off by ${corners.join(', ')}`,
    );
  }
}
