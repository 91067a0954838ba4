import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFaceApiWeights } from '../face-api/index.js';
import { parameterShapes } from '../network/parameters.js';
import { recognitionNetwork } from './recognition-network.js';
import { residualTrunkParameters } from './residual-trunk.js';

test('face-api’s weights fill every parameter of the trunk', () => {
  const parameters = residualTrunkParameters(readFaceApiWeights('face_recognition'));
  const needed = parameterShapes(recognitionNetwork());
  assert.deepEqual([...parameters.keys()].sort(), [...needed.keys()].sort());
  for (const [name, shape] of needed)
    assert.deepEqual([...(parameters.get(name)?.shape ?? [])], [...shape], name);
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
