import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFaceApiWeights } from '../face-api/index.js';
import { parameterShapes } from '../network/parameters.js';
import { recognitionNetwork, recognitionParameters } from './recognition-network.js';
import { residualTrunkParameters } from './residual-trunk.js';

test('face-api’s weights fill every parameter of the trunk', () => {
  const parameters = residualTrunkParameters(readFaceApiWeights('face_recognition'));
  const needed = parameterShapes(recognitionNetwork());
  assert.deepEqual([...parameters.keys()].sort(), [...needed.keys()].sort());
  for (const [name, shape] of needed)
    assert.deepEqual([...(parameters.get(name)?.shape ?? [])], [...shape], name);
});

test('a face of the mean colour is to the recognition network what nothing is to the weights as they were trained', () => {
  const weights = readFaceApiWeights('face_recognition');
  const [plain, centred] = [residualTrunkParameters(weights, 1), recognitionParameters(weights)];
  const at = (parameters: typeof plain, name: string) => parameters.get(`conv32_down/${name}`)?.data ?? [];
  const filters = weights.get('conv32_down/conv/filters')?.data ?? [];
  const scale = weights.get('conv32_down/scale/weights')?.data ?? [];
  for (const channel of [0, 13, 31]) {
    // One grey for all three colours, g, must give sum w (g - mean) as face-api's FaceRecognitionNet works it out.
    const grey = 0.6;
    let expected = 0;
    let summed = 0;
    for (let position = 0; position < 49; position++) {
      summed += (at(centred, 'weights')[position * 32 + channel] ?? NaN) * grey;
      for (const [colour, mean] of [122.782, 117.001, 104.298].entries()) {
        expected += (filters[(position * 3 + colour) * 32 + channel] ?? NaN) * (grey - mean / 255);
      }
    }
    const difference = (at(centred, 'bias')[channel] ?? NaN) - (at(plain, 'bias')[channel] ?? NaN);
    assert.ok(
      Math.abs(summed + difference - expected * (scale[channel] ?? NaN)) < 1e-4,
      `channel ${channel}`,
    );
  }
});

test('the first convolution sums the colours, scaled by the contrast and by the scale layer behind it', () => {
  const weights = readFaceApiWeights('face_recognition');
  const filters = weights.get('conv32_down/conv/filters')?.data ?? new Float32Array(0);
  const scale = weights.get('conv32_down/scale/weights')?.data ?? new Float32Array(0);
  const gray = residualTrunkParameters(weights, 0.5).get('conv32_down/weights');
  assert.deepEqual([...(gray?.shape ?? [])], [7, 7, 1, 32]);
  for (const [position, channel] of [
    [0, 0],
    [24, 7],
    [48, 31],
  ] as const) {
    const sum = [0, 1, 2].reduce(
      (total, colour) => total + (filters[(position * 3 + colour) * 32 + channel] ?? 0),
      0,
    );
    const expected = 0.5 * sum * (scale[channel] ?? 0);
    assert.ok(Math.abs((gray?.data[position * 32 + channel] ?? 0) - expected) < 1e-5);
  }
});
