import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { majorityOf, readLabels, targetOf } from './label-table.js';

const folder = await mkdtemp(join(tmpdir(), 'deadpan-labels-'));
after(() => rm(folder, { recursive: true }));

async function labels(text: string) {
  const file = join(folder, 'labels.csv');
  await writeFile(file, text);
  return readLabels(file);
}

const VOTES = 'path,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n';

test('votes: the majority is the label, single votes are no target', async () => {
  const [face] = await labels(`${VOTES}a.png,4,0,0,1,3,2,0,0,0,0\n`);
  assert.equal(face?.path, 'a.png');
  assert.equal(face.label, 0);
  assert.deepEqual(face.target, [4 / 9, 0, 0, 0, 3 / 9, 2 / 9, 0, 0]);
});

test('a table of other columns or with another separator is refused as a whole, not in its first row', async () => {
  const told = (column: string) => ({
    code: 'E_DATA',
    message: new RegExp(`no column "${column}"`),
    advice: /separated by commas/,
  });
  await assert.rejects(labels('path;expression\na.jpg;neutral\n'), told('path'));
  await assert.rejects(labels('path\texpression\na.jpg\tneutral\n'), told('path'));
  await assert.rejects(labels('a.jpg,neutral\nb.jpg,anger\n'), told('path'));
  await assert.rejects(labels('path,label\na.jpg,neutral\n'), told('expression'));
});

test('ties and majorities of no class have no label', () => {
  assert.equal(majorityOf([4, 4, 0, 0, 0, 0, 0, 0, 2, 0]), undefined);
  assert.equal(majorityOf([3, 0, 0, 0, 0, 0, 0, 0, 7, 0]), undefined);
  assert.equal(majorityOf([0, 0, 0, 0, 0, 0, 0, 6, 4, 0]), 7);
});

test('a face that most did not know, or on which nobody agrees, has no target', () => {
  assert.equal(targetOf([2, 0, 0, 0, 0, 0, 0, 0, 5, 3]), undefined);
  assert.equal(targetOf([1, 1, 1, 1, 1, 1, 1, 1, 0, 0]), undefined);
});

test('expressions by name, with the person', async () => {
  const faces = await labels('path,subject,expression\na.jpg,ann,surprise\nb.jpg,,neutral\n');
  assert.deepEqual(
    faces.map(({ label, subject }) => [label, subject]),
    [
      [2, 'ann'],
      [0, undefined],
    ],
  );
});

test('what cannot be understood is named by its row', async () => {
  await assert.rejects(labels('path,expression\na.jpg,joy\n'), { code: 'E_DATA', message: /Row 2.*'joy'/ });
  await assert.rejects(labels('path,neutral\na.jpg,4\n'), { code: 'E_DATA', message: /happiness/ });
  await assert.rejects(labels('path,expression\na.jpg,anger,5\n'), {
    code: 'E_DATA',
    message: /not a CSV table \(line 2: invalid record length\)\.$/,
  });
  await assert.rejects(labels('\u0000"\u0007\n'), { code: 'E_DATA' });
  await assert.rejects(labels('path,expression\n'), { code: 'E_DATA', message: /have no rows/ });
  await assert.rejects(labels(''), { code: 'E_DATA', message: /have no rows/ });
  await assert.rejects(readLabels(join(folder, 'nothing.csv')), { code: 'E_INPUT_MISSING' });
});
