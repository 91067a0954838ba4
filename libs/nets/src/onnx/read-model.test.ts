import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildLandmarkNet } from '../face-api/index.js';
import { encodeModel } from './graph.js';
import { readModel } from './read-model.js';

const model = buildLandmarkNet();

test('a model that is read and written again is the same to the byte', () => {
  const graph = readModel(model);
  assert.equal(graph.name, 'face_landmark_68');
  assert.deepEqual(graph.inputs, [{ name: 'image', shape: ['N', 3, 112, 112], type: 'float32' }]);
  assert.deepEqual(
    graph.outputs.map(({ name }) => name),
    ['landmarks'],
  );
  assert.equal(Buffer.compare(encodeModel(graph), model), 0);
});

test('an output may leave its shape to the runtime', () => {
  const graph = readModel(model);
  graph.outputs.push({ name: 'relu', shape: null, type: 'float32' });
  assert.equal(readModel(encodeModel(graph)).outputs.at(-1)?.shape, null);
});

test('what is cut off, empty or of another producer is refused', () => {
  assert.throws(() => readModel(model.subarray(0, model.length / 2)), RangeError);
  assert.throws(() => readModel(new Uint8Array(0)), /not a model of Deadpan/);
  const foreign = Uint8Array.from(model);
  foreign.set(Buffer.from('another'), Buffer.from(foreign).indexOf('deadpan'));
  assert.throws(() => readModel(foreign), /not a model of Deadpan/);
});
