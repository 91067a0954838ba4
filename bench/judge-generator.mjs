// Judges a generator of references by networks that took no part in its training: is a reference neutral, and is it the
// same person? Expressive faces of people who were held out, from the caches that "deadpan prepare" made.
//
//   node bench/judge-generator.mjs GENERATOR DATA [JSON]
//
// GENERATOR is a checkpoint, or a folder that "deadpan export hng" wrote. JSON is written for "export hng --measured".
// Neutral: face-api's expression network. The same person: the recogniser `faceres` of @vladmandic/human, at the
// similarity that separates pairs of LFW best. Needs the peers of the bench (`npm run bench` installs them).
import { statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { readHngModel } from '@deadpan/nets';
import { CLASSES } from '@deadpan/shared';
import {
  centreCrop,
  generatorFace,
  hngPools,
  makeReferences,
  readFaceCache,
  readGenerator,
  referencesOf,
  tf,
  withModel,
} from '@deadpan/training';

const SIDE = 64;
const PAIRS = 300;
const COLUMNS = ['expression', 'gender', 'ethnicity'];

const [generator, data, json] = process.argv.slice(2);
if (data === undefined) {
  process.stderr.write('Usage: node bench/judge-generator.mjs GENERATOR DATA [JSON]\n');
  process.exit(2);
}
const peers = fileURLToPath(new URL('./peers/node_modules/@vladmandic/', import.meta.url));
const faceApi = createRequire(join(peers, 'face-api/'))('@vladmandic/face-api');
await faceApi.nets.faceExpressionNet.loadFromDisk(join(peers, 'face-api/model'));
const faceres = await tf.loadGraphModel(`file://${join(peers, 'human/models/faceres.json')}`);

const [lfw, london] = await Promise.all([readFaceCache(data, 'lfw'), readFaceCache(data, 'london')]);
const heldOut = hngPools(
  [
    { cache: london, holdOutEvery: 5, sameLight: true },
    { cache: lfw, holdOutEvery: 10, sameLight: false },
  ],
  'heldOut',
);
const faces = heldOut.alone.map((face) => generatorFace(face, centreCrop));
const references = statSync(generator).isDirectory()
  ? await withModel((await readHngModel(generator)).model, (session) => makeReferences(session, faces))
  : referencesOf(await readGenerator(generator), faces);
process.stdout.write(`${faces.length} expressive faces of people who were held out\n`);
const before = await judgeNeutral('inputs', faces);
const after = await judgeNeutral('references', references);
const trueNeutral = await judgeNeutral(
  'true neutral faces',
  heldOut.neutral.map((face) => generatorFace(face, centreCrop)),
);
const identity = judgeIdentity();
if (json !== undefined) writeFileSync(json, `${JSON.stringify(judgement(), null, 2)}\n`);

/** A gray face 0..1 as RGB 0..255 of another size. */
function picture(face, size) {
  const gray = tf.image.resizeBilinear(tf.tensor3d(face, [SIDE, SIDE, 1]), [size, size]);
  return tf.tile(tf.mul(gray, 255), [1, 1, 3]);
}

async function judgeNeutral(name, list) {
  const counts = {};
  const called = [];
  for (const face of list) {
    const image = tf.tidy(() => picture(face, 112));
    const said = Object.entries({ ...(await faceApi.nets.faceExpressionNet.predictExpressions(image)) });
    image.dispose();
    const [best] = said.filter(([, share]) => typeof share === 'number').sort((a, b) => b[1] - a[1]);
    counts[best[0]] = (counts[best[0]] ?? 0) + 1;
    called.push(best[0]);
  }
  const share = (counts.neutral ?? 0) / list.length;
  process.stdout.write(
    `face-api calls ${percent(share)} of the ${name} neutral: ${JSON.stringify(counts)}\n`,
  );
  return { share, counts, neutral: called.map((expression) => expression === 'neutral') };
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

/** What "export hng --measured" takes. */
function judgement() {
  const rest = Object.entries(after.counts)
    .filter(([name]) => name !== 'neutral')
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${count} ${name}`);
  return {
    metrics: {
      'input called neutral by face-api': before.share,
      'reference called neutral by face-api': after.share,
      'neutral face called neutral by face-api': trueNeutral.share,
      'same person by faceres': identity.share,
    },
    sentences: [
      `${faces.length} expressive faces (London set, LFW), expression network of face-api, which took no part in training: ${percent(before.share)} of the inputs and ${percent(after.share)} of the references are called neutral.`,
      `What the rest of the references are called: ${rest.join(', ')}. Of ${heldOut.neutral.length} true neutral faces of such people the network calls ${percent(trueNeutral.share)} neutral.`,
      `The same ${faces.length} faces, recognition network faceres of @vladmandic/human, which took no part in training: ${percent(identity.share)} of the references are the same person as their input, at the similarity (${identity.threshold.toFixed(2)}) that separates ${PAIRS} pairs of LFW best (${percent(identity.separated)} right).`,
    ],
    parts: parts(),
  };
}

/** The shares of each expression, and of each group that a set tells of. */
function parts() {
  const groups = new Map();
  for (const [i, { cache, index }] of heldOut.alone.entries()) {
    const { label, columns } = cache.faces[index];
    const { gender, ethnicity } = columns;
    for (const [column, value] of Object.entries({ expression: CLASSES[label], gender, ethnicity })) {
      if (value === undefined) continue;
      const name = JSON.stringify({ column, value });
      groups.set(name, [...(groups.get(name) ?? []), i]);
    }
  }
  const share = (of, list) => list.filter((i) => of[i]).length / list.length;
  return [...groups]
    .map(([name, list]) => ({
      ...JSON.parse(name),
      faces: list.length,
      neutralBefore: share(before.neutral, list),
      neutral: share(after.neutral, list),
      samePerson: share(identity.same, list),
    }))
    .sort((a, b) => COLUMNS.indexOf(a.column) - COLUMNS.indexOf(b.column) || b.faces - a.faces);
}

function embed(face) {
  const size = faceres.inputs[0].shape[1];
  return tf.tidy(() => {
    const outputs = [faceres.execute(tf.expandDims(picture(face, size)))].flat();
    return outputs
      .find(({ shape }) => shape.at(-1) === 1024)
      .dataSync()
      .slice();
  });
}

function similarity(a, b) {
  const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

function judgeIdentity() {
  const people = group(lfw.faces);
  const pairs = [...people.values()].filter((list) => list.length > 1).slice(0, PAIRS);
  const faceAt = (index) => embed(generatorFace({ cache: lfw, index }, centreCrop));
  const [first, second] = [0, 1].map((k) => pairs.map((list) => faceAt(list[k])));
  const friends = first.map((a, i) => similarity(a, second[i]));
  const others = first.map((a, i) => similarity(a, second[(i + 7) % second.length]));
  const right = (t) => friends.filter((s) => s >= t).length + others.filter((s) => s < t).length;
  const threshold = [...friends, ...others].reduce((best, t) => (right(t) > right(best) ? t : best));
  const kept = faces.map((face, i) => similarity(embed(face), embed(references[i])));
  const same = kept.map((similarity) => similarity >= threshold);
  const share = same.filter(Boolean).length / same.length;
  const separated = right(threshold) / (2 * pairs.length);
  process.stdout.write(
    `faceres calls ${percent(share)} of the references the same person as their input, at ${threshold.toFixed(3)}, ` +
      `which separates ${pairs.length} pairs of LFW and as many strangers ${percent(separated)} right\n`,
  );
  return { same, share, threshold, separated };
}

function group(list) {
  const people = new Map();
  list.forEach(({ subject }, i) => people.set(subject, [...(people.get(subject) ?? []), i]));
  return people;
}
