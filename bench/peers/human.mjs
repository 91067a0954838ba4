// @vladmandic/human on native TensorFlow: detector, mesh, emotion. Its detector may skip frames in which the mesh
// follows the face, as by default; the emotions are computed in every frame, which by default they are not.
import './tensorflow.mjs';

import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';

import { runPeer } from './raw-frames.mjs';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs-node');
const { Human } = require('@vladmandic/human');

const off = { enabled: false };
const human = new Human({
  backend: 'tensorflow',
  modelBasePath: `file://${join(dirname(require.resolve('@vladmandic/human')), '../models')}/`,
  debug: false,
  filter: off,
  gesture: off,
  body: off,
  hand: off,
  object: off,
  segmentation: off,
  face: {
    enabled: true,
    detector: { maxDetected: 32 },
    mesh: { enabled: true },
    emotion: { enabled: true, skipFrames: 0 },
    iris: off,
    description: off,
    antispoof: off,
    liveness: off,
  },
});
await human.load();

await runPeer(async (frame, { width, height }) => {
  const image = tf.tensor4d(frame, [1, height, width, 3], 'int32');
  try {
    const { face, error } = await human.detect(image);
    if (error) throw new Error(error);
    return face.filter(({ emotion }) => emotion !== undefined).length;
  } finally {
    image.dispose();
  }
});
