import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Expression } from '@deadpan/shared';

import { openOpenFaceTable } from './openface-table.js';
import { openPyFeatTable } from './py-feat-table.js';

const frame = { camera: 'a', epoch: 0, sequence: 4, timeUs: 160_000, width: 640, height: 360 };
const expressions: Expression[] = [
  {
    ...frame,
    faces: 1,
    face: {
      track: '2',
      box: { x: 10, y: 20, width: 100.04, height: 120 },
      detection: 0.9,
      landmarks: Float32Array.from({ length: 136 }, (_, i) => i / 4),
      pose: { yaw: 10, pitch: 20, roll: -0.01 },
      quality: 1,
      probabilities: [0.4, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.2],
      intensity: 0.5,
      model: 'm',
    },
  },
  { ...frame, sequence: 5, timeUs: 200_000, faces: 0, face: null },
];

async function cellsOf(path: string): Promise<Record<string, string>[]> {
  const [header = '', ...lines] = (await readFile(path, 'utf8')).trim().split('\n');
  const columns = header.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [columns[i] ?? '', cell])));
}

test('py-feat: its names, its signs, seven emotions that sum to 1, NaN without a face', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'deadpan-foreign-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'py-feat.csv');
  const table = await openPyFeatTable(path, 'clip.mp4');
  for (const expression of expressions) await table.write(expression);
  await table.close();

  const header = (await readFile(path, 'utf8')).split('\n')[0] ?? '';
  assert.match(
    header,
    /^frame,FaceRectX,FaceRectY,FaceRectWidth,FaceRectHeight,FaceScore,x_0,.*,x_67,y_0,.*,y_67,/,
  );
  assert.match(header, /,y_67,Pitch,Roll,Yaw,anger,disgust,fear,happiness,sadness,surprise,neutral,input$/);
  const [face, none] = await cellsOf(path);
  assert.ok(face !== undefined && none !== undefined);
  assert.deepEqual([face['FaceRectWidth'], face['x_1'], face['y_1']], ['100.0', '0.50', '0.75']);
  assert.deepEqual([face['Pitch'], face['Roll'], face['Yaw']], ['20.0', '0.0', '-10.0']);
  assert.deepEqual([face['neutral'], face['anger'], face['input']], ['0.5000', '0.0625', 'clip.mp4']);
  assert.deepEqual(
    [none['frame'], none['FaceRectX'], none['neutral'], none['input']],
    ['5', 'NaN', 'NaN', 'clip.mp4'],
  );
  assert.equal(Object.keys(none).length, Object.keys(face).length);
});

test('OpenFace: its names, radians with its signs, frames from 1, no success without a face', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'deadpan-foreign-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'openface.csv');
  const table = await openOpenFaceTable(path);
  for (const expression of expressions) await table.write(expression);
  await table.close();

  const header = (await readFile(path, 'utf8')).split('\n')[0] ?? '';
  assert.match(
    header,
    /^frame,face_id,timestamp,confidence,success,pose_Rx,pose_Ry,pose_Rz,x_0,.*,x_67,y_0,.*,y_67$/,
  );
  const [face, none] = await cellsOf(path);
  assert.ok(face !== undefined && none !== undefined);
  assert.deepEqual(
    [face['frame'], face['face_id'], face['timestamp'], face['success']],
    ['5', '2', '0.160', '1'],
  );
  assert.deepEqual([face['pose_Rx'], face['pose_Ry'], face['pose_Rz']], ['-0.3491', '-0.1745', '-0.0002']);
  assert.deepEqual(
    [none['success'], none['confidence'], none['x_0'], none['y_67']],
    ['0', '0', 'NaN', 'NaN'],
  );
});
