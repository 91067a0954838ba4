import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';

import { CLIP, CLIP_TRUTH, deadpan } from '../analyze/command-line.js';

/* `deadpan reproduce` on small look-alikes of the paper's sets, cut from the demo clip: real faces, three people. */

interface Person {
  readonly id: string;
  readonly tile: readonly [x: number, y: number, width: number, height: number];
}

interface Spread {
  readonly mean: number;
  readonly deviation: number;
  readonly runs: number;
}

interface Gain extends Spread {
  readonly interval?: readonly [number, number];
}

interface Results {
  readonly faces: number;
  readonly subjects: number;
  readonly classes: readonly string[];
  readonly counts: readonly number[];
  readonly splits: readonly { readonly train: number; readonly validation: number; readonly test: number }[];
  readonly methods: readonly {
    readonly method: string;
    readonly title: string;
    readonly gamma: number;
    readonly accuracy: Spread;
    readonly pooled: number;
    readonly classMean: Spread;
    readonly macroF1: Spread;
    readonly confusion: readonly (readonly number[])[];
    readonly gain?: Gain;
    readonly classMeanGain?: Gain;
  }[];
  readonly times: readonly { readonly title: string; readonly cpuSeconds: Spread; readonly ratio: number }[];
  readonly gammaSweep: readonly { readonly value: number; readonly accuracy: Spread }[];
  readonly slopeSweep: readonly { readonly value: number; readonly accuracy: Spread }[];
}

const folder = mkdtempSync(join(tmpdir(), 'deadpan-reproduce-'));
after(() => {
  rmSync(folder, { recursive: true });
});
const { people } = JSON.parse(readFileSync(CLIP_TRUTH, 'utf8')) as { people: readonly Person[] };

/** Cuts a person out of the clip, from neutral (2.4 s) to smiling (3.2 s). */
function cut({ tile: [x, y, width, height] }: Person, file: string, ...filter: string[]): void {
  mkdirSync(dirname(file), { recursive: true });
  const video = file.endsWith('.avi');
  execFileSync('ffmpeg', [
    ...['-nostdin', '-v', 'error', '-ss', '2.4', '-t', '0.8', '-i', CLIP],
    ...['-vf', [`crop=${width}:${height}:${x}:${y}`, ...(video ? [] : ['fps=5']), ...filter].join(',')],
    ...(video ? ['-c:v', 'mjpeg', '-q:v', '2'] : []),
    file,
  ]);
}

const resultsIn = (out: string): Results =>
  JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as Results;
const small = ['--trunk', 'inception-small', '--folds', '3', '--steps', '10'];

test('CK+ with neutral: a run that is killed goes on, and the report stands beside the paper’s numbers', async () => {
  const data = join(folder, 'ck');
  const out = join(folder, 'ck-out');
  for (const [i, person] of people.entries()) {
    cut(person, join(data, 'cohn-kanade-images', `S01${i}`, '001', `S01${i}_001_%08d.png`));
    const labels = join(data, 'Emotion', `S01${i}`, '001');
    mkdirSync(labels, { recursive: true });
    writeFileSync(join(labels, `S01${i}_001_00000004_emotion.txt`), '   5.0000000e+00\n');
  }
  const args = [
    'reproduce',
    'ckplus8',
    '--data',
    data,
    '--out',
    out,
    ...small,
    '--methods',
    'softmax',
    'radial',
  ];
  const killed = await deadpan(args, {
    onOutput: (child, said) => {
      if (said.includes('radial-gamma1-slope0.1-fold1')) child.kill('SIGKILL');
    },
  });
  assert.equal(killed.code, null);
  const runs = join(out, 'runs');
  const [first] = readdirSync(runs);
  assert.equal(first, 'softmax-slope0.1-fold1-seed1.json');
  const { mtimeMs } = statSync(join(runs, first));

  const { code, stderr, stdout } = await deadpan(args);
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trim(), join(out, 'report.html'));
  assert.equal(statSync(join(runs, first)).mtimeMs, mtimeMs, 'what was done is not done again');
  assert.equal(readdirSync(runs).length, 6);

  const results = resultsIn(out);
  assert.deepEqual([results.faces, results.subjects], [12, 3]);
  assert.deepEqual(
    [results.classes, results.counts],
    [
      ['neutral', 'happiness'],
      [3, 9],
    ],
  );
  assert.deepEqual(
    results.splits.map((split) => [split.train, split.validation, split.test]),
    [
      [4, 4, 4],
      [4, 4, 4],
      [4, 4, 4],
    ],
  );
  for (const { method, confusion } of results.methods) {
    assert.deepEqual(
      confusion.map((row) => row.reduce((sum, count) => sum + count)),
      [3, 9],
      `${method} is tested on every face once`,
    );
  }
  assert.ok(results.methods[1]?.gain !== undefined);
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  for (const said of ['97.76', 'the paper: 1308', 'RML, learnt T, references', 'data:image/png;base64']) {
    assert.ok(page.includes(said), said);
  }
  assert.ok(!/NaN|undefined|\[object/.test(page.replaceAll(/data:image[^"]*/g, '')));
});

/** The cells of the first table below a heading of the page, row by row, without their head. */
function tableBelow(page: string, heading: string): string[][] {
  const from = page.search(new RegExp(`<h[23]>${heading.replaceAll(/[+()]/g, '\\$&')}</h`));
  assert.ok(from >= 0, heading);
  const body = /<tbody>(.*?)<\/tbody>/s.exec(page.slice(from))?.[1] ?? '';
  return [...body.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = '']) =>
      cell.replaceAll(/<[^>]*>/g, ' '),
    ),
  );
}

/** Asserts that the page's tables say what results.json says. */
function saysTheSame(page: string, results: Results): void {
  const percent = (value: number): string => (100 * value).toFixed(2);
  const spread = ({ mean, deviation, runs }: Spread): string =>
    runs > 1 ? `${percent(mean)} ± ${percent(deviation)}` : percent(mean);
  const gain = (value: Gain | undefined): string => {
    if (value === undefined) return '';
    const own = `${value.mean < 0 ? '' : '+'}${spread(value)}`;
    return value.interval === undefined ? own : `${own}  ${value.interval.map(percent).join(' to ')} `;
  };
  const rows = tableBelow(page, 'Accuracy by method');
  assert.equal(rows.length, results.methods.length);
  results.methods.forEach((method, i) => {
    assert.deepEqual(rows[i]?.slice(0, 9), [
      method.title,
      method.method === 'softmax' ? '' : `${method.gamma}`,
      `${method.accuracy.runs}`,
      spread(method.accuracy),
      percent(method.pooled),
      spread(method.classMean),
      spread(method.macroF1),
      gain(method.gain),
      gain(method.classMeanGain),
    ]);
  });
  const times = tableBelow(page, 'Training time to the same validation accuracy');
  assert.deepEqual(
    times.map((row) => [row[0], row[8]]),
    results.times.map(({ title, ratio }) => [title, ratio.toFixed(2)]),
  );
  for (const { title, method, gamma, confusion } of results.methods) {
    if (method !== 'softmax' && method !== 'radial') continue;
    const matrix = tableBelow(page, method === 'softmax' ? title : `${title}, gamma ${gamma}`);
    // A column of the page is the truth, as in the paper; a row of the file is.
    results.classes.forEach((name, said) => {
      const shares = confusion.map((row) => {
        const share =
          (row[said] ?? 0) /
          Math.max(
            1,
            row.reduce((sum, count) => sum + count),
          );
        return share === 0 ? '' : (100 * share).toFixed(1);
      });
      assert.deepEqual(matrix[said], [name, ...shares]);
    });
  }
  assert.ok(!/NaN|undefined|\[object/.test(page.replaceAll(/data:image[^"]*/g, '')));
}

const quick = ['--trunk', 'inception-small', '--folds', '3', '--steps', '3', '--quiet'];

test('CK+ with seven classes: curves over gamma and slope, and the page says what the file says', async () => {
  const data = join(folder, 'ck7');
  const out = join(folder, 'ck7-out');
  for (const [i, person] of people.entries()) {
    const id = `S01${i}`;
    cut(person, join(folder, 'ck7-frames', id, '%08d.png'));
    for (let label = 1; label <= 7; label++) {
      const take = `00${label}`;
      for (const frame of readdirSync(join(folder, 'ck7-frames', id))) {
        const pictures = join(data, 'cohn-kanade-images', id, take);
        cpSync(join(folder, 'ck7-frames', id, frame), join(pictures, `${id}_${take}_${frame}`));
      }
      const labels = join(data, 'Emotion', id, take);
      mkdirSync(labels, { recursive: true });
      writeFileSync(join(labels, `${id}_${take}_00000004_emotion.txt`), `   ${label}.0000000e+00\n`);
    }
  }
  const args = ['reproduce', 'ckplus', '--data', data, '--out', out, ...quick];
  const asked = ['--methods', 'softmax', 'triplet', 'radial', '--figures', 'gamma', 'slope'];
  const { code, stderr } = await deadpan([...args, ...asked]);
  assert.equal(code, 0, stderr);
  const results = resultsIn(out);
  assert.deepEqual(
    [results.faces, results.subjects, results.classes.length, results.counts],
    [63, 3, 7, new Array<number>(7).fill(9)],
  );
  assert.deepEqual(
    results.gammaSweep.map(({ value }) => value),
    [0, 0.1, 0.25, 0.5, 0.75, 0.95, 1, 1.25],
  );
  assert.deepEqual(
    results.slopeSweep.map(({ value }) => value),
    [0, 0.05, 0.075, 0.1, 0.125, 0.2],
  );
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  saysTheSame(page, results);
  for (const points of [results.gammaSweep, results.slopeSweep]) {
    const said = points.map(({ value, accuracy }) => `${value}: ${accuracy.runs}`).join(', ');
    assert.ok(page.includes(`(${said})`), said);
  }
  assert.deepEqual(
    tableBelow(page, 'Training time to the same validation accuracy').map((row) => row.slice(9)),
    [
      ['', ''],
      ['324', '7.7'],
      // Triplet and RML at gamma 1, then RML's other weights.
      ...results.times.slice(2).map(() => ['42', '1.0']),
    ],
  );
  const pretraining = tableBelow(page, 'Without and with pretraining');
  assert.deepEqual(pretraining.slice(0, 2), [
    ['2B(N+M) softmax [6]', '97.03', '97.10'],
    ['IDFERM (the paper)', '98.32', '98.35'],
  ]);
  const radial = results.methods.filter(({ method }) => method === 'radial');
  assert.deepEqual(
    pretraining.slice(2).map(([title]) => title),
    radial.map(({ title, gamma }) => `Measured: ${title}, gamma ${gamma}`),
  );
});

test('Oulu-CASIA: folds in blocks, and the paper’s own times', async () => {
  const data = join(folder, 'oulu');
  const out = join(folder, 'oulu-out');
  const names = ['Anger', 'Disgust', 'Fear', 'Happiness', 'Sadness', 'Surprise'];
  for (const [i, person] of people.entries()) {
    cut(person, join(folder, 'oulu-frames', `${i}`, '%03d.jpeg'));
    for (const name of names) {
      const sequence = join(data, 'OriginalImg', 'VL', 'Strong', `P00${i}`, name);
      cpSync(join(folder, 'oulu-frames', `${i}`), sequence, { recursive: true });
    }
  }
  const args = ['reproduce', 'oulu', '--data', data, '--out', out, ...quick, '--figures', 'none'];
  const asked = ['--methods', 'softmax', 'radial', 'radial-printed', '--deal', 'blocks', '--margin', '0.4'];
  const { code, stderr } = await deadpan([...args, ...asked]);
  assert.equal(code, 0, stderr);
  const results = resultsIn(out);
  assert.deepEqual([results.faces, results.subjects, results.classes.length], [54, 3, 6]);
  assert.deepEqual(
    results.methods.map(({ method }) => method),
    ['softmax', 'radial', 'radial-printed'],
  );
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  saysTheSame(page, results);
  for (const said of ['Table 2, Oulu-CASIA', '56 min', '88.25', 'people in a row', 'margin 0.4 ']) {
    assert.ok(page.includes(said), said);
  }
  assert.ok(!page.includes('with pretraining'), 'the paper’s Table 5 is of other sets');
  const other = await deadpan([...args, '--methods', 'softmax', '--deal', 'interleaved']);
  assert.equal(other.code, 1);
  assert.match(other.stderr, /another experiment \(.*folds.*\(E_TRAINING\)\n$/);
});

test('MMI: the middle of each video is taken, also of one that lies on its side, and videos are counted', async () => {
  const data = join(folder, 'mmi');
  const out = join(folder, 'mmi-out');
  for (const [i, person] of people.entries()) {
    for (const [k, emotion] of [4, 6].entries()) {
      const session = join(data, 'Sessions', `${2 * i + k + 1}`);
      cut(person, join(session, `S00${i}-00${k}.avi`), ...(i === 0 ? ['transpose=cclock'] : []));
      writeFileSync(join(session, 'session.xml'), '<session><track view="0"/></session>');
      writeFileSync(
        join(session, `S00${i}-00${k}.xml`),
        `<VideoAnnotation><Metatag Name="Emotion" Value="${emotion}"/></VideoAnnotation>`,
      );
    }
  }
  const args = [
    'reproduce',
    'mmi',
    '--data',
    data,
    '--out',
    out,
    ...small,
    '--methods',
    'softmax',
    '--quiet',
  ];
  const { code, stderr } = await deadpan([...args, '--figures', 'distances']);
  assert.equal(code, 0, stderr);
  const results = resultsIn(out);
  assert.deepEqual([results.faces, results.classes], [18, ['happiness', 'surprise']]);
  const confusion = results.methods[0]?.confusion ?? [];
  assert.equal(
    confusion.flat().reduce((sum, count) => sum + count),
    6,
  );
  // A face that was not found upright would not resemble the same face in the other videos' middle frames.
  const pixels = readFileSync(join(out, 'faces', 'mmi.bin'));
  const side = 96;
  const bright = (face: number, from: number, to: number): number => {
    const rows = pixels.subarray((face * side + from) * side, (face * side + to) * side);
    return rows.reduce((sum, level) => sum + level, 0) / rows.length;
  };
  // Cheeks are brighter than hair: rows of the cheeks against those at the top of the canvas.
  for (let face = 0; face < results.faces; face++)
    assert.ok(bright(face, 50, 62) > bright(face, 0, 8), `face ${face}`);
});

test('a table of pictures: only paired people, and no expression that is too rare', async () => {
  const data = join(folder, 'table');
  const rows = people.flatMap((person, i) => {
    cut(person, join(data, `${person.id}-%d.png`));
    const row = (frame: number, subject: string, expression: string) =>
      `${person.id}-${frame}.png,${subject},${expression}`;
    return [
      row(1, person.id, 'neutral'),
      row(4, person.id, 'happiness'),
      // Somebody who only smiles, and a single face of fear.
      row(3, `smiling-${person.id}`, 'happiness'),
      ...(i === 0 ? [row(2, person.id, 'fear')] : []),
    ];
  });
  const labels = join(folder, 'table.csv');
  writeFileSync(labels, `path,subject,expression\n${rows.join('\n')}\n`);
  const run = (out: string, ...args: string[]) =>
    deadpan(
      ['reproduce', 'labels', '--data', data, '--labels', labels, '--out', join(folder, out)].concat(
        ...[small, '--methods', 'softmax', '--figures', 'none', '--quiet', args],
      ),
    );
  const { code, stderr } = await run('table-out', '--paired', '--least', '2');
  assert.equal(code, 0, stderr);
  const results = resultsIn(join(folder, 'table-out'));
  assert.deepEqual([results.faces, results.subjects, results.counts], [6, 3, [3, 3]]);
  assert.deepEqual(results.classes, ['neutral', 'happiness']);
  writeFileSync(labels, `path,subject,expression\n${rows.slice(1).join('\n')}\n`);
  const other = await run('table-out', '--paired', '--least', '2');
  assert.equal(other.code, 1);
  assert.match(
    other.stderr,
    /source\.json tells of another experiment .*another folder with --out.*\(E_TRAINING\)\n$/,
  );
  const none = await run('table-none', '--least', '100');
  assert.equal(none.code, 1);
  assert.match(none.stderr, /No face of labels is left to train on\. .*--least.*\(E_DATA\)\n$/);
});

test('what is wrong with a set or an option is said in a sentence', async () => {
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  const run = (...args: string[]) => deadpan(['reproduce', ...args, '--out', join(folder, 'none')]);
  const layout = await run('oulu', '--data', empty);
  assert.equal(layout.code, 1);
  assert.match(
    layout.stderr,
    /This is not Oulu-CASIA as it is handed out: .* has no folder VL\. Expected is .*\(E_DATA\)\n$/,
  );
  const missing = await run('mmi', '--data', join(folder, 'nowhere'));
  assert.match(missing.stderr, /nowhere cannot be read\. \(E_INPUT_MISSING\)\n$/);
  const method = await run('oulu', '--data', empty, '--methods', 'guess');
  assert.equal(method.code, 2);
  assert.match(method.stderr, /--methods does not know guess\. Known are softmax, .*\(E_USAGE\)\n$/);
  const alone = join(folder, 'alone.csv');
  writeFileSync(alone, 'path,subject,expression\na.png,ann,anger\n');
  const picture = await run('labels', '--data', empty, '--labels', alone);
  assert.match(picture.stderr, /a\.png cannot be read\. \(E_DATA\)\n$/);
});
