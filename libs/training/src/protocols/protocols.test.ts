import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { CLASSES } from '@deadpan/shared';
import { readCkPlus } from './ckplus.js';
import { dealNames, fixedSplit, subjectFolds } from './folds.js';
import { readMmi } from './mmi.js';
import { readOulu } from './oulu.js';
import { turnedClockwise } from './protocol-faces.js';
import type { Protocol } from './protocol.js';

const folder = await mkdtemp(join(tmpdir(), 'deadpan-protocols-'));
after(() => rm(folder, { recursive: true }));

async function put(path: string, text = ''): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

const told = ({ sequences }: Protocol): unknown[] =>
  sequences.map(({ subject, label, source }) => [
    subject,
    CLASSES[label],
    source.kind === 'pictures' ? source.files : [source.file, source.middle],
  ]);

test('CK+: the last three frames of labelled sequences, and the first one as neutral', async () => {
  const images = 'ck/cohn-kanade-images';
  for (let i = 1; i <= 5; i++) {
    await put(`${images}/S010/002/S010_002_0000000${i}.png`);
    await put(`${images}/S010/003/S010_003_0000000${i}.png`);
  }
  await put('ck/Emotion/S010/002/S010_002_00000005_emotion.txt', '   7.0000000e+00\n');
  await mkdir(join(folder, 'ck/Emotion/S010/003'), { recursive: true });
  const peak = [3, 4, 5].map((i) => `cohn-kanade-images/S010/002/S010_002_0000000${i}.png`);
  assert.deepEqual(told(await readCkPlus(join(folder, 'ck'), false)), [['S010', 'surprise', peak]]);
  assert.deepEqual(told(await readCkPlus(join(folder, 'ck'), true)), [
    ['S010', 'surprise', peak],
    ['S010', 'neutral', ['cohn-kanade-images/S010/002/S010_002_00000001.png']],
  ]);
});

test('what macOS leaves beside the files of a set is not of the set', async () => {
  const label = 'mac/Emotion/S010/002/S010_002_00000004_emotion.txt';
  await put(label, '   1.0000000e+00\n');
  await put(label.replace('S010_002', '._S010_002'), '\0\x05\x16\x07');
  const frames = [1, 2, 3, 4].map((i) => `cohn-kanade-images/S010/002/S010_002_0000000${i}.png`);
  for (const frame of frames) {
    await put(`mac/${frame}`);
    await put(`mac/${frame.replace('/S010_', '/._S010_')}`, '\0\x05\x16\x07');
  }
  await put('mac/cohn-kanade-images/S010/.DS_Store');
  assert.deepEqual(told(await readCkPlus(join(folder, 'mac'), true)), [
    ['S010', 'anger', frames.slice(1)],
    ['S010', 'neutral', frames.slice(0, 1)],
  ]);

  for (const name of ['000', '001', '002']) {
    await put(`mac-oulu/VL/Strong/P001/Fear/${name}.jpeg`);
    await put(`mac-oulu/VL/Strong/P001/Fear/._${name}.jpeg`);
  }
  await put('mac-oulu/VL/Strong/P001/.AppleDouble/Fear');
  const fear = ['000', '001', '002'].map((name) => `VL/Strong/P001/Fear/${name}.jpeg`);
  assert.deepEqual(told(await readOulu(join(folder, 'mac-oulu'))), [['P001', 'fear', fear]]);
});

test('CK+ that is not laid out as it is handed out: what is wrong and what is expected', async () => {
  await assert.rejects(readCkPlus(join(folder, 'nowhere'), false), { code: 'E_INPUT_MISSING' });
  await mkdir(join(folder, 'bare'));
  await assert.rejects(readCkPlus(join(folder, 'bare'), false), {
    code: 'E_DATA',
    message: /bare has no folder cohn-kanade-images/,
    advice: /S005_001_00000001\.png/,
  });
  await put('odd/cohn-kanade-images/S010/002/a.png');
  await put('odd/Emotion/S010/002/S010_002_00000005_emotion.txt', 'glad');
  await assert.rejects(readCkPlus(join(folder, 'odd'), false), { code: 'E_DATA', message: /says 'glad'/ });
});

test('MMI: frontal videos with one of the six emotions, by the number in their annotation', async () => {
  const session = async (id: string, view: number, emotion: number): Promise<void> => {
    await put(`mmi/Sessions/${id}/session.xml`, `<session><track view="${view}" type="Video"/></session>`);
    await put(`mmi/Sessions/${id}/S00${id}-001.avi`);
    await put(
      `mmi/Sessions/${id}/S00${id}-001.xml`,
      `<VideoAnnotation><Metatag Name="Emotion" Value="${emotion}"/></VideoAnnotation>`,
    );
  };
  await session('1', 0, 4);
  await session('2', 1, 4); // from the side
  await session('3', 2, 6); // with a mirror
  await session('4', 0, 9); // none of the six
  await put('mmi/Sessions/5/session.xml', '<session/>'); // a still picture
  assert.deepEqual(told(await readMmi(join(folder, 'mmi'))), [
    ['S001', 'happiness', ['Sessions/1/S001-001.avi', 3]],
    ['S003', 'surprise', ['Sessions/3/S003-001.avi', 3]],
  ]);
});

test('Oulu-CASIA: the last three frames in visible, strong light', async () => {
  for (let i = 0; i < 4; i++) {
    await put(`oulu/OriginalImg/VL/Strong/P001/Anger/00${i}.jpeg`);
    await put(`oulu/OriginalImg/VL/Dark/P001/Anger/00${i}.jpeg`);
    await put(`oulu/OriginalImg/NI/Strong/P001/Anger/00${i}.jpeg`);
  }
  assert.deepEqual(told(await readOulu(join(folder, 'oulu'))), [
    ['P001', 'anger', [1, 2, 3].map((i) => `OriginalImg/VL/Strong/P001/Anger/00${i}.jpeg`)],
  ]);
  await put('oulu2/VL/Strong/P001/Bored/000.jpeg');
  await assert.rejects(readOulu(join(folder, 'oulu2')), { code: 'E_DATA', message: /Bored/ });
});

test('nobody is in two parts of a fold, and everybody is tested once', () => {
  const subjects = Array.from({ length: 97 }, (_, i) => `S${(i * 7) % 23}`);
  for (const deal of dealNames) {
    const folds = subjectFolds(subjects, 10, deal);
    assert.equal(folds.length, 10);
    const people = (indices: readonly number[]) => new Set(indices.map((index) => subjects[index]));
    for (const { train, validation, test: tested } of folds) {
      assert.equal(train.length + validation.length + tested.length, subjects.length);
      for (const person of people(train)) {
        assert.ok(!people(tested).has(person) && !people(validation).has(person));
      }
      for (const person of people(validation)) assert.ok(!people(tested).has(person));
    }
    const tested = folds.flatMap(({ test: part }) => part);
    assert.deepEqual(
      tested.sort((a, b) => a - b),
      subjects.map((_, index) => index),
    );
  }
});

// Two faces of each of CK+'s 118 people, not in the order of their ids.
const ids = Array.from({ length: 118 }, (_, i) => `S${String(i + 5).padStart(3, '0')}`);
const faces = [...ids].reverse().flatMap((id) => [id, id]);
const idsOf = (indices: readonly number[]): string[] =>
  [...new Set(indices.map((index) => faces[index] ?? ''))].sort();

test('fold i is every tenth person from i, in the order of the ids', () => {
  subjectFolds(faces, 10).forEach(({ test: tested }, i) => {
    assert.deepEqual(
      idsOf(tested),
      ids.filter((_, position) => position % 10 === i),
    );
  });
});

test('folds in blocks are people in a row, twelve or eleven of 118, from the first id to the last', () => {
  const folds = subjectFolds(faces, 10, 'blocks').map(({ test: tested }) => idsOf(tested));
  assert.deepEqual(folds.flat(), ids);
  for (const { length } of folds) assert.ok(length === 11 || length === 12, `${length} people`);
});

test('the fold after the tested one validates, after the last the first, never the tested one', () => {
  for (const deal of dealNames) {
    const folds = subjectFolds(faces, 10, deal);
    folds.forEach(({ validation, test: tested }, t) => {
      assert.deepEqual(validation, folds[(t + 1) % 10]?.test);
      assert.ok(!validation.some((index) => tested.includes(index)));
    });
  }
});

test('a given test part is tested whole, and neither it nor its people are trained on', () => {
  // Twenty people with two pictures each, ten pictures of nobody, five of people 0 to 4 to test on.
  const subjects = Array.from({ length: 55 }, (_, index) =>
    index < 40 ? `p${index % 20}` : index < 50 ? undefined : `p${index - 50}`,
  );
  const { train, validation, test: tested } = fixedSplit(subjects, (index) => index >= 50);
  assert.deepEqual(tested, [50, 51, 52, 53, 54]);
  const people = (part: readonly number[]) =>
    new Set(part.map((index) => subjects[index] ?? `face ${index}`));
  const used = [...people(train), ...people(validation)];
  assert.equal(new Set(used).size, used.length, 'nobody both trains and validates');
  assert.equal(used.length, 25, 'everybody else does one of them');
  assert.equal(people(validation).size, 3);
  for (const person of people(tested)) assert.ok(!used.includes(person));
});

test('a picture turned clockwise has its left column on top', () => {
  // 2 x 1: red, green.
  const turned = turnedClockwise({ width: 2, height: 1, data: Uint8Array.of(255, 0, 0, 0, 255, 0) });
  assert.deepEqual([turned.width, turned.height, [...turned.data]], [1, 2, [255, 0, 0, 0, 255, 0]]);
  // 1 x 2: red above green; red comes to the right.
  const again = turnedClockwise(turned);
  assert.deepEqual([again.width, again.height, [...again.data]], [2, 1, [0, 255, 0, 255, 0, 0]]);
});
