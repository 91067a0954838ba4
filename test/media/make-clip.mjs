// Makes clip.mp4 and its ground truth, clip.json, from pictures of three people of the London set:
//
//   node test/media/make-clip.mjs FOLDER      (FOLDER holds london_NNN_03.jpg and london_NNN_08.jpg, 400 x 400)
//
// Each person sits in a tile of their own, moves the head a little, and changes from neutral to smiling and back at
// known times. The third leaves the picture and comes back. Between neutral and smiling the two pictures are warped
// onto common landmarks and mixed, so the frames in between look like a face and not like two.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, env } from 'node:process';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const WIDTH = 640;
const HEIGHT = 360;
const FPS = 25;
const SECONDS = 20;
const TILE = { width: 208, height: 344, top: 8 };
const PHOTO = 400;
/** From neutral to smiling, and back, in this many seconds. */
const CHANGE = 0.5;
const LEVELS = 12;

const PEOPLE = [
  {
    id: 'london_096',
    left: 8,
    smiles: [
      [3, 7],
      [12, 15],
    ],
    absences: [],
    phase: 0,
  },
  { id: 'london_107', left: 216, smiles: [[6, 10.5]], absences: [], phase: 2.1 },
  {
    id: 'london_127',
    left: 424,
    smiles: [
      [2, 5],
      [14.5, 18],
    ],
    absences: [[8, 11.5]],
    phase: 4.2,
  },
];

const folder = argv[2];
if (folder === undefined) {
  console.error('usage: node test/media/make-clip.mjs FOLDER');
  process.exit(2);
}
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const landmarks = JSON.parse(readFileSync(here('landmarks.json'), 'utf8'));

/** 0 neutral .. 1 smiling. */
function smileAt(person, t) {
  const rise = (from) => smooth((t - from) / CHANGE);
  return person.smiles.reduce((sum, [from, to]) => sum + rise(from - CHANGE) - rise(to), 0);
}

/** 0 in place .. 1 out of the picture; it takes a second each way, before and after the absence. */
function awayAt(person, t) {
  return person.absences.reduce((sum, [from, to]) => sum + smooth(t - (from - 1)) - smooth(t - to), 0);
}

function smooth(x) {
  const c = Math.min(1, Math.max(0, x));
  return c * c * (3 - 2 * c);
}

/** The similarity from picture to frame: the head sways, nods and leans by a few pixels and degrees. */
function poseAt(person, t) {
  const wave = (seconds, shift) => Math.sin((2 * Math.PI * t) / seconds + person.phase + shift);
  const scale = 0.86 * (1 + 0.02 * wave(7.3, 1));
  const angle = (2.5 * Math.PI * wave(5.1, 0.4)) / 180;
  const [cx, cy] = person.centre;
  return {
    a: scale * Math.cos(angle),
    b: scale * Math.sin(angle),
    tx: person.left + TILE.width / 2 + 4 * wave(6.1, 0) + awayAt(person, t) * 260,
    ty: 206 + 3 * wave(4.3, 2),
    cx,
    cy,
  };
}

function toFrame({ a, b, tx, ty, cx, cy }, [x, y]) {
  return [a * (x - cx) - b * (y - cy) + tx, b * (x - cx) + a * (y - cy) + ty];
}

/** The similarity that takes the points `from` nearest to `to` (least squares). */
function fitSimilarity(from, to) {
  const mean = (points) =>
    points.reduce(([x, y], p) => [x + p[0] / points.length, y + p[1] / points.length], [0, 0]);
  const [fx, fy] = mean(from);
  const [gx, gy] = mean(to);
  let [re, im, norm] = [0, 0, 0];
  from.forEach(([x, y], i) => {
    const [u, v] = [to[i][0] - gx, to[i][1] - gy];
    re += (x - fx) * u + (y - fy) * v;
    im += (x - fx) * v - (y - fy) * u;
    norm += (x - fx) ** 2 + (y - fy) ** 2;
  });
  const [a, b] = [re / norm, im / norm];
  return ([x, y]) => [a * (x - fx) - b * (y - fy) + gx, b * (x - fx) + a * (y - fy) + gy];
}

/** A thin-plate spline through `points` with the values `values` (Bookstein 1989); smoothed a little. */
function thinPlate(points, values) {
  const n = points.length;
  const kernel = (dx, dy) => {
    const r2 = dx * dx + dy * dy;
    return r2 === 0 ? 0 : r2 * Math.log(r2);
  };
  const rows = Array.from({ length: n + 3 }, (_, i) => {
    const row = new Float64Array(n + 4);
    for (let j = 0; j < n + 3; j++) {
      if (i < n && j < n)
        row[j] = kernel(points[i][0] - points[j][0], points[i][1] - points[j][1]) + (i === j ? 200 : 0);
      else if (i < n) row[j] = [1, ...points[i]][j - n];
      else if (j < n) row[j] = [1, ...points[j]][i - n];
    }
    row[n + 3] = i < n ? values[i] : 0;
    return row;
  });
  for (let k = 0; k < n + 3; k++) {
    let best = k;
    for (let i = k + 1; i < n + 3; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[best][k])) best = i;
    [rows[k], rows[best]] = [rows[best], rows[k]];
    for (let i = 0; i < n + 3; i++) {
      if (i === k) continue;
      const factor = rows[i][k] / rows[k][k];
      for (let j = k; j < n + 4; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  const weights = rows.map((row, i) => row[n + 3] / row[i]);
  return (x, y) => {
    let value = weights[n] + weights[n + 1] * x + weights[n + 2] * y;
    for (let i = 0; i < n; i++) value += weights[i] * kernel(x - points[i][0], y - points[i][1]);
    return value;
  };
}

function sample(photo, x, y, channel) {
  const cx = Math.min(PHOTO - 1.001, Math.max(0, x));
  const cy = Math.min(PHOTO - 1.001, Math.max(0, y));
  const [left, top] = [Math.floor(cx), Math.floor(cy)];
  const [u, v] = [cx - left, cy - top];
  const at = (top * PHOTO + left) * 3 + channel;
  const row = PHOTO * 3;
  return (
    (photo[at] * (1 - u) + photo[at + 3] * u) * (1 - v) +
    (photo[at + row] * (1 - u) + photo[at + row + 3] * u) * v
  );
}

/** Where each pixel of a picture comes from when `source` landmarks move to `target`; the border stays or turns. */
function warp(source, target, borderSource) {
  const border = [0, 130, 270, 399]
    .flatMap((x) => [
      [x, 0],
      [x, 399],
    ])
    .concat(
      [130, 270].flatMap((y) => [
        [0, y],
        [399, y],
      ]),
    );
  const points = [...target, ...border];
  const from = [...source, ...border.map(borderSource)];
  const dx = thinPlate(
    points,
    from.map((p, i) => p[0] - points[i][0]),
  );
  const dy = thinPlate(
    points,
    from.map((p, i) => p[1] - points[i][1]),
  );
  const step = 4;
  const size = PHOTO / step + 1;
  const [gx, gy] = [new Float64Array(size * size), new Float64Array(size * size)];
  for (let j = 0; j < size; j++) {
    for (let i = 0; i < size; i++) {
      gx[j * size + i] = dx(i * step, j * step);
      gy[j * size + i] = dy(i * step, j * step);
    }
  }
  const between = (grid, x, y) => {
    const [i, j] = [Math.floor(x / step), Math.floor(y / step)];
    const [u, v] = [x / step - i, y / step - j];
    const at = j * size + i;
    return (
      (grid[at] * (1 - u) + grid[at + 1] * u) * (1 - v) +
      (grid[at + size] * (1 - u) + grid[at + size + 1] * u) * v
    );
  };
  return (x, y) => [x + between(gx, x, y), y + between(gy, x, y)];
}

async function prepare(person) {
  const load = (suffix) =>
    sharp(join(folder, `${person.id}_${suffix}.jpg`))
      .removeAlpha()
      .raw()
      .toBuffer();
  const [neutral, smiling] = [await load('03'), await load('08')];
  const neutralPoints = landmarks[`${person.id}_03`];
  const smilingPoints = landmarks[`${person.id}_08`];
  // Eyes and the bridge of the nose hold still in a smile.
  const still = [...Array.from({ length: 12 }, (_, i) => 36 + i), 27, 28, 29, 30];
  const turn = fitSimilarity(
    still.map((i) => smilingPoints[i]),
    still.map((i) => neutralPoints[i]),
  );
  const turnBack = fitSimilarity(
    still.map((i) => neutralPoints[i]),
    still.map((i) => smilingPoints[i]),
  );
  const turned = smilingPoints.map(turn);

  const levels = [];
  for (let level = 0; level <= LEVELS; level++) {
    const w = level / LEVELS;
    const points = neutralPoints.map(([x, y], i) => [x + w * (turned[i][0] - x), y + w * (turned[i][1] - y)]);
    const fromNeutral = warp(neutralPoints, points, (p) => p);
    const fromSmiling = warp(smilingPoints, points, (p) =>
      turnBack(p).map((v) => Math.min(PHOTO - 1, Math.max(0, v))),
    );
    const pixels = new Float32Array(PHOTO * PHOTO * 3);
    for (let y = 0; y < PHOTO; y++) {
      for (let x = 0; x < PHOTO; x++) {
        const [nx, ny] = fromNeutral(x, y);
        const [sx, sy] = fromSmiling(x, y);
        for (let c = 0; c < 3; c++) {
          pixels[(y * PHOTO + x) * 3 + c] =
            (1 - w) * sample(neutral, nx, ny, c) + w * sample(smiling, sx, sy, c);
        }
      }
    }
    levels.push({ pixels, points });
  }
  const eyes = neutralPoints.slice(36, 48);
  const centre = [0, 1].map((axis) => eyes.reduce((sum, p) => sum + p[axis] / eyes.length, 0));
  return { ...person, levels, centre: [centre[0], centre[1] + 25] };
}

/** The wall behind a person: the picture's upper left corner, a little darker to the bottom. */
function wall(person, y) {
  const at = (10 * PHOTO + 10) * 3;
  return [0, 1, 2].map((c) => person.levels[0].pixels[at + c] * (1 - 0.12 * (y / HEIGHT)));
}

function drawTile(frame, person, t) {
  const pose = poseAt(person, t);
  const level = person.levels[Math.round(smileAt(person, t) * LEVELS)];
  const norm = pose.a ** 2 + pose.b ** 2;
  for (let y = TILE.top; y < TILE.top + TILE.height; y++) {
    const behind = wall(person, y);
    for (let x = person.left; x < person.left + TILE.width; x++) {
      const [u, v] = [x - pose.tx, y - pose.ty];
      const px = (pose.a * u + pose.b * v) / norm + pose.cx;
      const py = (pose.a * v - pose.b * u) / norm + pose.cy;
      // The picture fades into the wall at its sides and its top.
      const inside = smooth(Math.min(px, PHOTO - px, py) / 40);
      for (let c = 0; c < 3; c++) {
        const value =
          inside === 0 ? behind[c] : inside * sample(level.pixels, px, py, c) + (1 - inside) * behind[c];
        frame[(y * WIDTH + x) * 3 + c] = Math.round(value);
      }
    }
  }
}

/** Box around the landmarks, x, y, width, height; null where nobody is, or not all of the face is in the tile. */
function boxAt(person, t) {
  const pose = poseAt(person, t);
  const points = person.levels[Math.round(smileAt(person, t) * LEVELS)].points.map((p) => toFrame(pose, p));
  const xs = points.map((p) => p[0]);
  const ys = points.map((p) => p[1]);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  if (right > person.left + TILE.width) return null;
  return [left, top, right - left, bottom - top].map(Math.round);
}

/** What is shown for sure: neutral and smiling, without the times of change and of absence. */
function expressions(person) {
  const intervals = [];
  let since = 0;
  for (const [from, to] of person.smiles) {
    intervals.push(
      { from: since, to: from - CHANGE, expression: 'neutral' },
      { from, to, expression: 'happiness' },
    );
    since = to + CHANGE;
  }
  intervals.push({ from: since, to: SECONDS, expression: 'neutral' });
  return intervals.flatMap((interval) => {
    const absence = person.absences.find(([from, to]) => from < interval.to && to > interval.from);
    if (absence === undefined) return [interval];
    return [
      { ...interval, to: absence[0] - 1 },
      { ...interval, from: absence[1] + 1 },
    ];
  });
}

const people = [];
for (const person of PEOPLE) people.push(await prepare(person));

const encoder = spawn(
  env.FFMPEG_PATH ?? 'ffmpeg',
  [
    ...[
      '-y',
      '-v',
      'error',
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      '-s',
      `${WIDTH}x${HEIGHT}`,
      '-r',
      String(FPS),
      '-i',
      '-',
    ],
    ...[
      '-c:v',
      'libx264',
      '-preset',
      'veryslow',
      '-crf',
      '19',
      '-pix_fmt',
      'yuv420p',
      '-movflags',
      '+faststart',
    ],
    // One thread: the same file from the same pictures and the same ffmpeg.
    ...[
      '-threads',
      '1',
      '-map_metadata',
      '-1',
      '-fflags',
      '+bitexact',
      '-flags:v',
      '+bitexact',
      here('clip.mp4'),
    ],
  ],
  { stdio: ['pipe', 'inherit', 'inherit'] },
);
const boxes = people.map(() => []);
for (let n = 0; n < SECONDS * FPS; n++) {
  const frame = Buffer.alloc(WIDTH * HEIGHT * 3, 24);
  people.forEach((person, i) => {
    drawTile(frame, person, n / FPS);
    if (n % 5 === 0) boxes[i].push(boxAt(person, n / FPS));
  });
  if (!encoder.stdin.write(frame)) await new Promise((resolve) => encoder.stdin.once('drain', resolve));
}
encoder.stdin.end();
const code = await new Promise((resolve) => encoder.once('close', resolve));
if (code !== 0) process.exit(1);

const truth = {
  about: 'What clip.mp4 shows. Times in seconds, boxes (x, y, width, height around the landmarks) in pixels.',
  source: 'Face Research Lab London Set (DeBruine & Jones), CC BY 4.0',
  width: WIDTH,
  height: HEIGHT,
  fps: FPS,
  frames: SECONDS * FPS,
  changeSeconds: CHANGE,
  boxEverySeconds: 5 / FPS,
  people: people.map((person, i) => ({
    id: person.id,
    tile: [person.left, TILE.top, TILE.width, TILE.height],
    expressions: expressions(person),
    absences: person.absences.map(([from, to]) => ({ from, to })),
    boxes: boxes[i],
  })),
};
const text = JSON.stringify(truth, null, 2)
  .replace(/\[\s+(-?\d+),\s+(-?\d+),\s+(-?\d+),\s+(-?\d+)\s+\]/g, '[$1, $2, $3, $4]')
  .replace(
    /\{\s+"from": ([\d.]+),\s+"to": ([\d.]+)(,\s+"expression": ("\w+"))?\s+\}/g,
    (_, from, to, rest, expression) =>
      rest === undefined
        ? `{ "from": ${from}, "to": ${to} }`
        : `{ "from": ${from}, "to": ${to}, "expression": ${expression} }`,
  );
writeFileSync(here('clip.json'), `${text}\n`);
