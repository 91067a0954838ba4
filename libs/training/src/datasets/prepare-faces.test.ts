import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { canvasSide, readFaceCache } from './face-cache.js';
import { faceSquares, prepareFaces } from './prepare-faces.js';

const folder = await mkdtemp(join(tmpdir(), 'deadpan-prepare-'));
after(() => rm(folder, { recursive: true }));

test('pictures of any kind become one cache that can be read back', async () => {
  const gray = Uint8Array.from({ length: 48 * 48 }, (_, i) => (i * 7) % 256);
  await sharp(gray, { raw: { width: 48, height: 48, channels: 1 } })
    .png()
    .toFile(join(folder, 'a.png'));
  await sharp({ create: { width: 60, height: 80, channels: 3, background: '#876' } })
    .jpeg()
    .toFile(join(folder, 'b.jpg'));
  await writeFile(
    join(folder, 'labels.csv'),
    'path,subject,expression\na.png,ann,happiness\nb.jpg,bob,neutral\n',
  );
  await prepareFaces({
    data: folder,
    labels: join(folder, 'labels.csv'),
    square: faceSquares.whole,
    name: 'set',
    out: folder,
    workers: 1,
  });
  const cache = await readFaceCache(folder, 'set');
  assert.deepEqual(
    cache.faces.map(({ label, subject }) => [label, subject]),
    [
      [1, 'ann'],
      [0, 'bob'],
    ],
  );
  assert.equal(cache.pixels.length, 2 * canvasSide * canvasSide);
});

test('a cache says how the head of each picture is turned', async () => {
  const clip = fileURLToPath(new URL('../../../../test/media/clip.mp4', import.meta.url));
  const frame = join(folder, 'frame.png');
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', '-i', clip, '-frames:v', '1', frame]);
  const person = await sharp(frame).extract({ left: 8, top: 8, width: 208, height: 344 }).png().toBuffer();
  await sharp(person).toFile(join(folder, 'ahead.png'));
  await sharp(person).flop().toFile(join(folder, 'mirrored.png'));
  await sharp(person)
    .rotate(15)
    .extract({ left: 40, top: 30, width: 208, height: 344 })
    .toFile(join(folder, 'tilted.png'));
  const labels = join(folder, 'poses.csv');
  await writeFile(labels, 'path,expression\nahead.png,neutral\nmirrored.png,neutral\ntilted.png,neutral\n');
  await prepareFaces({
    data: folder,
    labels,
    square: faceSquares.whole,
    name: 'poses',
    out: folder,
    workers: 1,
  });
  const { faces } = await readFaceCache(folder, 'poses');
  const [ahead, mirrored, tilted] = faces.map(({ pose }) => pose);
  assert.ok(ahead && mirrored && tilted);
  assert.ok(Math.abs(ahead.yaw) < 10 && Math.abs(ahead.pitch) < 20, JSON.stringify(ahead));
  assert.ok(Math.abs(ahead.yaw + mirrored.yaw) < 4, `${ahead.yaw} is turned round to ${mirrored.yaw}`);
  assert.ok(Math.abs(tilted.roll - ahead.roll - 15) < 4, `${ahead.roll} is tilted to ${tilted.roll}`);
});

test('a place or a name that will not do is said before a picture is looked at', async () => {
  await writeFile(join(folder, 'labels.csv'), 'path,expression\nmissing.png,anger\n');
  await writeFile(join(folder, 'file'), '');
  const options = {
    data: folder,
    labels: join(folder, 'labels.csv'),
    square: faceSquares.whole,
    workers: 1,
  };
  await assert.rejects(prepareFaces({ ...options, name: 'set', out: join(folder, 'file') }), {
    code: 'EEXIST',
  });
  await assert.rejects(prepareFaces({ ...options, name: 'x/y', out: folder }), { code: 'E_USAGE' });
});

test('a set that is not there, or whose writing broke off, is said', async () => {
  await assert.rejects(readFaceCache(folder, 'nobody'), { code: 'E_INPUT_MISSING' });
  await assert.rejects(readFaceCache(join(folder, 'labels.csv'), 'nobody'), { code: 'E_INPUT_MISSING' });
  for (const [name, index] of [
    ['short', '{"side":96,"faces":[{},{}]}'],
    ['cut', '{"side":96,"fac'],
  ] as const) {
    await writeFile(join(folder, `${name}.bin`), new Uint8Array(canvasSide * canvasSide));
    await writeFile(join(folder, `${name}.json`), index);
    await assert.rejects(readFaceCache(folder, name), { code: 'E_DATA', message: /incomplete/ });
  }
});

test('a picture that cannot be read is named', async () => {
  await writeFile(join(folder, 'labels.csv'), 'path,expression\nmissing.png,anger\n');
  const options = {
    data: folder,
    labels: join(folder, 'labels.csv'),
    square: faceSquares.whole,
    name: 'none',
    out: folder,
    workers: 1,
  };
  await assert.rejects(prepareFaces(options), { code: 'E_DATA', message: /missing\.png/ });
});
