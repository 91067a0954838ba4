// @vladmandic/face-api on native TensorFlow: detector, 68 landmarks, expressions, with its default options.
import './tensorflow.mjs';

import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';

import { runPeer } from './raw-frames.mjs';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs-node');
const faceapi = require('@vladmandic/face-api');

const weights = join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'model');
const tiny = JSON.parse(process.argv[2] ?? '').detector === 'tiny';
const { ssdMobilenetv1, tinyFaceDetector, faceLandmark68Net, faceExpressionNet } = faceapi.nets;
for (const net of [tiny ? tinyFaceDetector : ssdMobilenetv1, faceLandmark68Net, faceExpressionNet]) {
  await net.loadFromDisk(weights);
}
const options = tiny ? new faceapi.TinyFaceDetectorOptions() : new faceapi.SsdMobilenetv1Options();

await runPeer(async (frame, { width, height }) => {
  const image = tf.tensor3d(frame, [height, width, 3], 'int32');
  try {
    return (await faceapi.detectAllFaces(image, options).withFaceLandmarks().withFaceExpressions()).length;
  } finally {
    image.dispose();
  }
});
