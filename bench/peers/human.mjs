// @vladmandic/human on native TensorFlow: detector, mesh, emotion. By default it keeps the emotions of an earlier frame and
// lets the detector rest when frames are alike. Here emotions are computed in every frame; `following` in the job says
// whether the detector may rest while the mesh follows the face.
import './tensorflow.mjs';

import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';

import { runPeer } from './raw-frames.mjs';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs-node');
const { Human } = require('@vladmandic/human');

const off = { enabled: false };
const { following } = JSON.parse(process.argv[2] ?? '');
const human = new Human({
  backend: 'tensorflow',
  modelBasePath: `file://${join(dirname(require.resolve('@vladmandic/human')), '../models')}/`,
  debug: false,
  ...(following ? {} : { cacheSensitivity: 0 }),
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
