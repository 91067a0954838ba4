import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { parse } from 'csv-parse/sync';

import { CLIP, CLIP_TRUTH, deadpan } from './command-line.js';

/* The demo clip against what is known to be in it. */

interface Span {
  readonly from: number;
  readonly to: number;
}
interface Person {
  readonly id: string;
  readonly tile: readonly [x: number, y: number, width: number, height: number];
  readonly expressions: readonly (Span & { readonly expression: string })[];
  readonly absences: readonly Span[];
}
type Row = Readonly<Record<string, string>>;

const truth = JSON.parse(readFileSync(CLIP_TRUTH, 'utf8')) as {
  readonly frames: number;
  readonly people: readonly Person[];
};
const out = mkdtempSync(join(tmpdir(), 'deadpan-clip-'));
let faces: readonly Row[] = [];
let emotions: readonly Row[] = [];

before(async () => {
  const { code, stderr } = await deadpan(['analyze', CLIP, '--out', out, '--references', '--quiet']);
  assert.equal(code, 0, stderr);
  const table = (name: string): Row[] =>
    parse(readFileSync(join(out, 'clip', name)), { columns: true }) as unknown as Row[];
  faces = table('faces.csv');
  emotions = table('emotions.csv');
});
after(() => {
  rmSync(out, { recursive: true });
});

const numberOf = (row: Row, column: string): number => Number(row[column]);
/** Whose tile a face is in or next to: people leave across the edge of theirs. */
const personAt = (row: Row): Person | undefined => {
  const x = numberOf(row, 'box_x') + numberOf(row, 'box_w') / 2;
  const distance = ({ tile }: Person): number => Math.abs(x - (tile[0] + tile[2] / 2));
  return [...truth.people].sort((a, b) => distance(a) - distance(b))[0];
};

test('every frame has its row, and a face wherever somebody is', () => {
  assert.equal(new Set(faces.map((row) => row['frame'])).size, truth.frames);
  let there = 0;
  let found = 0;
  for (const person of truth.people) {
    const seen = new Set(
      faces.filter((row) => row['track'] !== '' && personAt(row) === person).map((row) => row['time']),
    );
    for (let frame = 0; frame < truth.frames; frame += 1) {
      const time = frame / 25;
      // On the way out and in a face is half hidden for half a second.
      if (person.absences.some(({ from, to }) => time > from - 1 && time < to + 1)) continue;
      there += 1;
      if (seen.has(time.toFixed(3))) found += 1;
    }
  }
  assert.ok(found / there >= 0.99, `${found} of ${there}`);
});

test('a person is one track until they leave, and a new one when they come back; nobody else is seen', () => {
  const tracks = new Map<string, Set<string>>();
  for (const row of faces) {
    if (row['track'] === '') continue;
    const person = personAt(row);
    assert.ok(person !== undefined);
    tracks.set(person.id, (tracks.get(person.id) ?? new Set()).add(row['track'] ?? ''));
  }
  for (const { id, absences } of truth.people) {
    assert.equal(tracks.get(id)?.size, 1 + absences.length, id);
  }
});

test('happiness is in the windows where it is shown, neutral in the others', () => {
  const personOfTrack = new Map(
    faces.filter((row) => row['track'] !== '').map((row) => [row['track'], personAt(row)]),
  );
  let right = 0;
  let judged = 0;
  for (const row of emotions) {
    const [start, end] = [numberOf(row, 'start'), numberOf(row, 'end')];
    const person = personOfTrack.get(row['track']);
    const shown = person?.expressions.find(({ from, to }) => start >= from && end <= to);
    if (shown === undefined) continue;
    judged += 1;
    if (row['expression'] === shown.expression) right += 1;
  }
  assert.ok(judged >= 50, `${judged} windows lie within one expression`);
  assert.ok(right / judged >= 0.95, `${right} of ${judged} windows`);
});

test('a smiling face is further from its own neutral reference than a neutral one', () => {
  for (const { id, tile } of truth.people) {
    const mean = (expression: string): number => {
      const rows = faces.filter((row) => {
        const person = row['track'] === '' ? undefined : personAt(row);
        const time = numberOf(row, 'time');
        return (
          person?.id === id &&
          person.expressions.some(
            (span) => span.expression === expression && time >= span.from && time <= span.to,
          )
        );
      });
      return rows.reduce((sum, row) => sum + numberOf(row, 'intensity'), 0) / rows.length;
    };
    assert.ok(
      mean('happiness') > mean('neutral') + 0.1,
      `${id} in ${tile.join()}: ${mean('happiness')} ${mean('neutral')}`,
    );
  }
});

test('probabilities as printed sum to 1, and every value is in its range', () => {
  const classes = ['neutral', 'happiness', 'surprise', 'sadness', 'anger', 'disgust', 'fear', 'contempt'];
  for (const row of [...faces, ...emotions]) {
    if (row['track'] === '') continue;
    const sum = classes.reduce((total, name) => total + Math.round(numberOf(row, name) * 1e4), 0);
    assert.equal(sum, 1e4);
    assert.ok(numberOf(row, 'intensity') >= 0 && numberOf(row, 'intensity') <= 1);
  }
});
