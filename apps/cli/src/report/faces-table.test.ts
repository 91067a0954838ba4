import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { EMOTION_COLUMNS } from './emotions-table.js';
import { FACE_COLUMNS, faceRow, openFacesTable, readFacesTable, type FaceRow } from './faces-table.js';
import { sampleExpressions } from './sample-analysis.js';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deadpan-faces-'));
});
after(() => rm(folder, { recursive: true }));

const rows = (): FaceRow[] => [...sampleExpressions(undefined, { seconds: 20 })].map(faceRow);

async function written(name: string, of: Iterable<FaceRow>): Promise<string> {
  const path = join(folder, name);
  const table = await openFacesTable(path);
  for (const row of of) await table.write(row);
  await table.close();
  return path;
}

test('columns, units and decimals are those of the contract', async () => {
  const path = await written('contract.csv', [
    { frame: 0, time: 0, face: null },
    faceRow({
      camera: 'a',
      epoch: 0,
      sequence: 7,
      timeUs: 1_234_567,
      width: 640,
      height: 360,
      faces: 1,
      face: {
        track: '3',
        box: { x: -0.04, y: 10.25, width: 100, height: 120.06 },
        detection: 0.98765,
        landmarks: new Float32Array(136),
        pose: { yaw: -12.34, pitch: -0.01, roll: 3 },
        quality: 0.5,
        probabilities: [0.33333, 0.33333, 0.33334, 0, 0, 0, 0, 0],
        intensity: 1,
        model: 'm',
      },
    }),
  ]);
  assert.equal(
    await readFile(path, 'utf8'),
    'frame,time,track,box_x,box_y,box_w,box_h,detection,yaw,pitch,roll,quality,expression,' +
      'neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,intensity\n' +
      '0,0.000,,,,,,,,,,,,,,,,,,,,\n' +
      '7,1.235,3,0.0,10.3,100.0,120.1,0.9877,-12.3,0.0,3.0,0.5000,surprise,' +
      '0.3333,0.3333,0.3334,0.0000,0.0000,0.0000,0.0000,0.0000,1.0000\n',
  );
});

test('what is read back equals what was written, and every printed distribution sums to 1', async () => {
  const wrote = rows();
  const path = await written('back.csv', wrote);
  const back: FaceRow[] = [];
  for await (const row of readFacesTable(path)) back.push(row);
  assert.deepEqual(back, wrote);
  for (const line of (await readFile(path, 'utf8')).trim().split('\n').slice(1)) {
    const cells = line.split(',').slice(13, 21);
    const parts = cells.reduce((sum, cell) => sum + Math.round(Number(cell) * 1e4), 0);
    assert.equal(parts, 10_000);
  }
});

test('a table that was cut off goes on at its checkpoint to the same bytes', async () => {
  const whole = await readFile(await written('whole.csv', rows()));
  const path = join(folder, 'resumed.csv');
  const all = rows();
  const first = await openFacesTable(path);
  for (const row of all.slice(0, 100)) await first.write(row);
  const bytes = await first.checkpoint();
  for (const row of all.slice(100, 333)) await first.write(row);
  await first.close();
  const second = await openFacesTable(path, bytes);
  for (const row of all.slice(100)) await second.write(row);
  await second.close();
  assert.deepEqual(await readFile(path), whole);
});

test('a file with other columns, without a header or that is not there is refused', async () => {
  const read = async (path: string): Promise<void> => {
    for await (const row of readFacesTable(path)) assert.ok(row);
  };
  const path = join(folder, 'other.csv');
  await writeFile(path, 'a,b\n1,2\n');
  await assert.rejects(read(path), { code: 'E_RECORD_INVALID' });
  await writeFile(path, '');
  await assert.rejects(read(path), { code: 'E_RECORD_INVALID' });
  await assert.rejects(read(join(folder, 'none.csv')), { code: 'E_INPUT_MISSING' });
});

test('the guide explains every column, in the order of the tables', async () => {
  const guide = await readFile(new URL('../../../../docs/analyze.md', import.meta.url), 'utf8');
  const explained = (title: string): string[] => {
    const [, section = ''] = guide.split(`### Columns of \`${title}\``);
    const rows = [...(section.split('\n#')[0] ?? '').matchAll(/^\|([^|]+)\|/gm)];
    return rows.flatMap(([, cell = '']) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name));
  };
  assert.deepEqual(explained('faces.csv'), [...FACE_COLUMNS]);
  assert.deepEqual(explained('emotions.csv'), [...EMOTION_COLUMNS]);
});
