/* What the tests compare with: native TensorFlow, and face-api on it. */
import { createRequire } from 'node:module';
import { loadTensorflow } from './tensorflow/load-tensorflow.js';
const require = createRequire(import.meta.url);

/** Native TensorFlow. */
export const tf = loadTensorflow();

interface FaceApiBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface FaceApiNetwork {
  loadFromDisk(folder: string): Promise<void>;
}

/** As much of face-api as the tests use; its own types name another build of TensorFlow.js. */
interface FaceApi {
  readonly nets: {
    readonly ssdMobilenetv1: FaceApiNetwork;
    readonly tinyFaceDetector: FaceApiNetwork;
    readonly faceLandmark68Net: FaceApiNetwork & Landmarks;
    readonly faceLandmark68TinyNet: FaceApiNetwork & Landmarks;
  };
  readonly SsdMobilenetv1Options: new (options: { minConfidence: number }) => object;
  readonly TinyFaceDetectorOptions: new (options: { inputSize: number; scoreThreshold: number }) => object;
  detectAllFaces(
    picture: object,
    options: object,
  ): Promise<{ readonly box: FaceApiBox; readonly score: number }[]>;
}

interface Landmarks {
  detectLandmarks(
    picture: object,
  ): Promise<{ readonly positions: readonly { readonly x: number; readonly y: number }[] }>;
}

/** face-api on native TensorFlow. */
export const faceApi = require('@vladmandic/face-api/dist/face-api.node.js') as FaceApi;

/** The folder of the weights and of the sample pictures that face-api ships. */
export const faceApiFolder = (folder: 'model' | 'demo') =>
  require.resolve('@vladmandic/face-api/package.json').replace('package.json', folder);
