import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createInferencePool, type InferencePool } from '@deadpan/nets';
import { DeadpanError, type Face, type Frame, type RgbImage } from '@deadpan/shared';
import { createAlign } from './align.js';
import { alignConfig } from './config.js';
import { emptyPicture, samplePicture, toFrames } from './sample-frames.js';

const pool = createInferencePool({ workers: 2, device: 'cpu' });
after(() => pool.close());
const config = alignConfig.parse({});

/** A camera that moves over a sample picture, `step` pixels of it a frame. */
async function pan(number: number, left: number, top: number, frames: number, step = 8): Promise<RgbImage[]> {
  const part = (i: number) => ({ left: left + step * i, top, width: 640, height: 360 });
  return Promise.all(Array.from({ length: frames }, (_, i) => samplePicture(number, part(i))));
}

async function alignAll(
  frames: readonly Frame[],
  from: InferencePool = pool,
  options = config,
): Promise<(readonly Face[])[]> {
  const align = createAlign({ pool: from, config: options });
  return Promise.all(frames.map((frame) => align(frame)));
}

const tracksOf = (faces: readonly Face[]) => faces.flatMap(({ face }) => (face === null ? [] : [face.track]));
/** Around the face at the bottom left of the fifth sample, and at the left of the third. */
const ONE_FACE = [5, 60, 770] as const;
const ANOTHER_FACE = [3, 250, 230] as const;

test('a face is one track while the camera moves, and carries all that a face has', async () => {
  const { frames, released } = toFrames(await pan(...ONE_FACE, 12, 3), { fps: 12.5, scale: 2 });
  const results = await alignAll(frames);
  assert.deepEqual(
    results.map(tracksOf),
    frames.map(() => ['1']),
  );
  assert.deepEqual(
    released,
    frames.map(() => 1),
  );
  for (const [i, [record]] of results.entries()) {
    assert.ok(record?.face);
    const { sequence, timeUs, width, height, faces } = record;
    assert.deepEqual(
      { sequence, timeUs, width, height, faces },
      { sequence: i, timeUs: i * 80_000, width: 640, height: 360, faces: 1 },
    );
    const { box, landmarks, crop, detection, quality, pose } = record.face;
    assert.equal(crop.length, 64 * 64);
    assert.equal(landmarks.length, 136);
    assert.ok(detection > 0.5 && detection <= 1 && quality > 0.2 && quality <= 1);
    assert.ok(Math.abs(pose.yaw) < 45 && Math.abs(pose.pitch) < 35 && Math.abs(pose.roll) < 30);
    // In pixels of the source frame, twice as large as the picture: the nose is inside the box, the box's middle inside the frame.
    const [x = NaN, y = NaN] = landmarks.subarray(60, 62);
    assert.ok(x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height);
    const [middleX, middleY] = [box.x + box.width / 2, box.y + box.height / 2];
    assert.ok(middleX > 0 && middleY > 0 && middleX < 640 && middleY < 360);
  }
  // The camera moves right by 3 of 640 pixels a frame, so the face moves left by 3 pixels of the frame.
  const [first, last] = [results[0]?.[0]?.face, results[11]?.[0]?.face];
  assert.ok(Math.abs((first?.box.x ?? NaN) - (last?.box.x ?? NaN) - 11 * 3) < 6);
});

test('a frame without a face gives one record that says so', async () => {
  const { frames, released } = toFrames([emptyPicture(), emptyPicture()], { fps: 25 });
  const results = await alignAll(frames);
  assert.deepEqual(
    results.map((faces) => faces.map(({ faces: count, face }) => [count, face])),
    [[[0, null]], [[0, null]]],
  );
  assert.deepEqual(released, [1, 1]);
});

test('a new face appears within one key-frame interval, and one that leaves is gone at once', async () => {
  const there = await pan(...ONE_FACE, 20, 0);
  const nobody = there.map(() => emptyPicture());
  const { frames } = toFrames([...nobody.slice(0, 6), ...there, ...nobody.slice(0, 6)], { fps: 25 });
  const seen = (await alignAll(frames)).map((faces) => tracksOf(faces).length);
  const first = seen.indexOf(1);
  assert.ok(first >= 6 && first <= 6 + config.keyFrameInterval * 25, `frame ${first}`);
  assert.ok(seen.slice(first, 26).every((count) => count === 1));
  assert.ok(seen.slice(26).every((count) => count === 0));
});

test('a cut to another person begins another track in the same place', async () => {
  const before = await pan(...ONE_FACE, 8, 0);
  const after = await pan(...ANOTHER_FACE, 8, 0);
  const { frames } = toFrames([...before, ...after], { fps: 25 });
  const results = (await alignAll(frames)).map(tracksOf);
  const [old] = results.slice(0, 8);
  const [fresh] = results.slice(8);
  assert.ok(old !== undefined && fresh !== undefined && old.length > 0 && fresh.length > 0);
  assert.ok(fresh.every((track) => !old.includes(track)));
});

test('at a frame in ten seconds a face that stays is one track, and after a cut another one', async () => {
  const pictures = [...(await pan(...ONE_FACE, 3, 3)), ...(await pan(...ANOTHER_FACE, 2, 3))];
  const results = (await alignAll(toFrames(pictures, { fps: 0.1 }).frames)).map(tracksOf);
  assert.deepEqual(results.slice(0, 3), [['1'], ['1'], ['1']]);
  const [fresh = []] = results.slice(3);
  assert.ok(fresh.length > 0 && !fresh.includes('1'));
  assert.deepEqual(results[4], fresh);
});

test('several faces are told apart', async () => {
  const pictures = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      samplePicture(5, { left: 20 * i, top: 60, width: 1700, height: 956 }, 640, 360),
    ),
  );
  const results = (await alignAll(toFrames(pictures, { fps: 10 }).frames)).map(tracksOf);
  assert.deepEqual(
    results,
    pictures.map(() => ['1', '2', '3', '4']),
  );
});

test('the same frames give the same faces to the last bit, whatever else runs', async () => {
  const one = await pan(...ONE_FACE, 8);
  const other = await pan(...ANOTHER_FACE, 8);
  const alone = createInferencePool({ workers: 1, device: 'cpu' });
  const expected = [
    await alignAll(toFrames(one, { fps: 10, camera: 'a' }).frames, alone),
    await alignAll(toFrames(other, { fps: 10, camera: 'b' }).frames, alone),
  ];
  await alone.close();
  const many = createInferencePool({ workers: 3, device: 'cpu' });
  const align = createAlign({ pool: many, config });
  const both = [
    toFrames(one, { fps: 10, camera: 'a' }).frames,
    toFrames(other, { fps: 10, camera: 'b' }).frames,
  ];
  const actual = await Promise.all(both.map((frames) => Promise.all(frames.map((frame) => align(frame)))));
  await many.close();
  assert.deepEqual(actual, expected);
});

test('a new epoch and a forgotten camera begin new tracks; only the latter counts from 1 again', async () => {
  const pictures = await pan(...ONE_FACE, 2, 0);
  const align = createAlign({ pool, config, trackPrefix: 'x-' });
  const run = async (epoch: number) => {
    const results: string[] = [];
    for (const frame of toFrames(pictures, { fps: 25, epoch }).frames)
      results.push(...tracksOf(await align(frame)));
    return results;
  };
  assert.deepEqual(await run(0), ['x-1', 'x-1']);
  assert.deepEqual(await run(1), ['x-2', 'x-2']);
  align.end('camera');
  assert.deepEqual(await run(1), ['x-1', 'x-1']);
});

test('a frame that fails is released and rejected, and the next one begins tracks that there have not been', async () => {
  const { frames, released } = toFrames(await pan(...ONE_FACE, 4, 0), { fps: 25 });
  let calls = 0;
  const run: InferencePool['run'] = (task, payload, transfer) => {
    calls += 1;
    return calls === 3
      ? Promise.reject(new DeadpanError('E_ENGINE', 'It failed.'))
      : pool.run(task, payload, transfer);
  };
  const align = createAlign({ pool: { ...pool, run }, config });
  const codeOf = (error: unknown) => (error instanceof DeadpanError ? error.code : error);
  const results = await Promise.all(frames.map((frame) => align(frame).then(tracksOf, codeOf)));
  assert.deepEqual(results, [['1'], ['1'], 'E_ENGINE', ['2']]);
  assert.deepEqual(released, [1, 1, 1, 1]);
});
