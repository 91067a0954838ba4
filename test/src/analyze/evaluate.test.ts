import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { CLIP, CLIP_TRUTH, deadpan } from './command-line.js';

/* `deadpan evaluate` on pictures cut from the demo clip, whose expressions are known. */

interface Person {
  readonly id: string;
  readonly tile: readonly [x: number, y: number, width: number, height: number];
  readonly expressions: readonly {
    readonly from: number;
    readonly to: number;
    readonly expression: string;
  }[];
}

interface Evaluation {
  readonly n: number;
  readonly accuracy: number;
  readonly undetected: number;
  readonly confusion: readonly (readonly number[])[];
  readonly groups: readonly { readonly value: string; readonly n: number; readonly accuracy: number }[];
}

const folder = mkdtempSync(join(tmpdir(), 'deadpan-evaluate-'));
after(() => {
  rmSync(folder, { recursive: true });
});

const { people } = JSON.parse(readFileSync(CLIP_TRUTH, 'utf8')) as { people: readonly Person[] };
const labels = join(folder, 'labels.csv');
const rows = people.slice(0, 2).flatMap(({ id, tile, expressions }) =>
  expressions.slice(0, 4).map(({ from, to, expression }, i) => {
    const path = `${id}-${i}.png`;
    const [x, y, width, height] = tile;
    execFileSync('ffmpeg', [
      ...['-nostdin', '-v', 'error', '-ss', `${(from + to) / 2}`, '-i', CLIP],
      ...['-vf', `crop=${width}:${height}:${x}:${y}`, '-frames:v', '1', join(folder, path)],
    ]);
    return { path, subject: id, expression };
  }),
);
writeFileSync(
  labels,
  `path,subject,expression\n${rows.map(({ path, subject, expression }) => `${path},${subject},${expression}\n`).join('')}`,
);
const evaluate = (...more: string[]): ReturnType<typeof deadpan> =>
  deadpan(['evaluate', '--data', folder, '--labels', labels, '--quiet', ...more]);

test('posed smiles and neutral faces are told apart, and each person is told of by name', async () => {
  const { code, stdout, stderr } = await evaluate('--groups', 'subject', '--json');
  assert.equal(code, 0, stderr);
  const told = JSON.parse(stdout) as Evaluation;
  assert.equal(told.n, rows.length);
  assert.equal(told.undetected, 0);
  assert.ok(told.accuracy >= 0.75, `${told.accuracy} of posed faces are right`);
  const right = told.confusion.reduce((sum, row, k) => sum + (row[k] ?? 0), 0);
  assert.equal(right / told.n, told.accuracy);
  assert.deepEqual(new Set(told.groups.map(({ value }) => value)), new Set(rows.map((row) => row.subject)));
  const inGroups = told.groups.reduce((sum, { n, accuracy }) => sum + n * accuracy, 0);
  assert.ok(Math.abs(inGroups - right) < 1e-9);
});

test('a column that is not there and people who are not there are said', async () => {
  const column = await evaluate('--groups', 'gender');
  assert.equal(column.code, 1);
  assert.match(column.stderr, /has no column 'gender'. It has path, subject, expression. \(E_DATA\)/);
  const nobody = await evaluate('--held-out', '1000003');
  assert.equal(nobody.code, 1);
  assert.match(nobody.stderr, /has no such rows.*\(E_DATA\)/);
  const every = await evaluate('--held-out', 'some');
  assert.equal(every.code, 2);
  assert.match(every.stderr, /--held-out.*\(E_USAGE\)/);
});
