import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GENERIC_HEAD, headPose } from './head-pose.js';

type Matrix = readonly (readonly [number, number, number])[];

const multiply = (a: Matrix, b: Matrix): Matrix =>
  a.map(
    (row) =>
      [0, 1, 2].map((j) => row.reduce((sum, value, k) => sum + value * (b[k]?.[j] ?? 0), 0)) as [
        number,
        number,
        number,
      ],
  );
const radians = (angle: number) => (angle * Math.PI) / 180;

/** x to the image's right, y down, z away from the camera. */
const turnClockwise = (angle: number): Matrix => {
  const [c, s] = [Math.cos(radians(angle)), Math.sin(radians(angle))];
  return [
    [c, -s, 0],
    [s, c, 0],
    [0, 0, 1],
  ];
};
/** Takes the face's axis (0, 0, -1) up, to (0, -sin, -cos). */
const lookUp = (angle: number): Matrix => {
  const [c, s] = [Math.cos(radians(angle)), Math.sin(radians(angle))];
  return [
    [1, 0, 0],
    [0, c, s],
    [0, -s, c],
  ];
};
/** Takes the face's axis to the image's right, to (sin, 0, -cos). */
const lookRight = (angle: number): Matrix => {
  const [c, s] = [Math.cos(radians(angle)), Math.sin(radians(angle))];
  return [
    [c, 0, -s],
    [0, 1, 0],
    [s, 0, c],
  ];
};

function project(rotation: Matrix, scale: number, distance: number): Float32Array {
  const landmarks = new Float32Array(136);
  for (const [landmark, ...point] of GENERIC_HEAD) {
    const [x = 0, y = 0, z = 0] = rotation.map((row) =>
      row.reduce((sum, value, k) => sum + value * (point[k] ?? 0), 0),
    );
    const nearer = distance / (distance + z);
    landmarks[2 * landmark] = 300 + scale * x * nearer;
    landmarks[2 * landmark + 1] = 200 + scale * y * nearer;
  }
  return landmarks;
}

test('the pose of a projected head is found again', () => {
  const angle = (most: number) => fc.double({ min: -most, max: most, noNaN: true });
  fc.assert(
    fc.property(
      angle(75),
      angle(60),
      angle(80),
      fc.double({ min: 0.3, max: 10, noNaN: true }),
      (yaw, pitch, roll, scale) => {
        const rotation = multiply(lookRight(yaw), multiply(lookUp(pitch), turnClockwise(roll)));
        const found = headPose(project(rotation, scale, 1e9));
        for (const [expected, actual] of [
          [yaw, found.yaw],
          [pitch, found.pitch],
          [roll, found.roll],
        ] as const) {
          assert.ok(Math.abs(expected - actual) < 0.1, `${expected} came back as ${actual}`);
        }
      },
    ),
  );
});

test('signs: to the image’s right, up and clockwise are positive', () => {
  assert.ok(headPose(project(lookRight(20), 2, 1e9)).yaw > 19);
  assert.ok(headPose(project(lookUp(20), 2, 1e9)).pitch > 19);
  assert.ok(headPose(project(turnClockwise(20), 2, 1e9)).roll > 19);
  // A nose that is nearer to the eye on the image's right looks to the right, whatever the mathematics say.
  const right = project(lookRight(20), 2, 1e9);
  const nose = right[60] ?? 0;
  assert.ok(Math.abs(nose - (right[90] ?? 0)) < Math.abs(nose - (right[72] ?? 0)));
});

test('a camera close by disturbs the pose little', () => {
  // Three times the height of a face away.
  const found = headPose(project(multiply(lookRight(25), lookUp(-10)), 2, 250));
  assert.ok(Math.abs(found.yaw - 25) < 4 && Math.abs(found.pitch + 10) < 4, JSON.stringify(found));
});

test('landmarks that coincide have no pose', () => {
  assert.deepEqual(headPose(new Float32Array(136)), { yaw: 0, pitch: 0, roll: 0 });
});
