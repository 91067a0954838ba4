import type { RgbImage } from '@deadpan/shared';
import { sampleRegion, scaleBox } from '@deadpan/vision';
import {
  decodeSsd,
  decodeTiny,
  SSD_STEP,
  ssdPriors,
  TINY_STEP,
  type Detection,
  type SsdDetector,
} from '../face-api/index.js';
import { createReusedFloats, floatOutput, type OpenSession } from '../sessions/index.js';

/**
 * Finds faces in a picture that is shrunk or enlarged to `longSide` pixels: boxes in pixels of the picture, best first,
 * from a score of `limit` on. `border` surrounds the picture with black, as a fraction of its sides, for faces that
 * fill it.
 */
export type FaceDetector = (
  image: RgbImage,
  options: { readonly longSide: number; readonly limit: number; readonly border?: number },
) => Promise<Detection[]>;

/** A picture darker than this on average, 0..255, is brightened for detection, to the second level at most. */
const DARK = 50;
/** Pixels below this are black bars, or the canvas around the picture, and say nothing of its light. */
const BLACK = 4;
const BRIGHTENED = 100;
const MOST_GAIN = 8;

/** Loads the SSD MobileNet. For a worker. */
export async function createSsdDetector(
  { model, anchors }: SsdDetector,
  open: OpenSession,
): Promise<FaceDetector> {
  const session = await open(model);
  const floats = createReusedFloats();
  return async function detectSsd(image, options) {
    const canvas = drawCanvas(image, options.longSide, options.border ?? 0, SSD_STEP, floats);
    const outputs = await session.run({ image: canvas.tensor });
    const priors = ssdPriors(anchors, canvas.width, canvas.height);
    const corrections = floatOutput(outputs, 'corrections').data;
    const scores = floatOutput(outputs, 'scores').data;
    return decodeSsd(priors, corrections, scores, options.limit).map(canvas.toPicture);
  };
}

/** Loads the tiny detector, some nine times faster and less sure. For a worker. */
export async function createTinyDetector(model: Uint8Array, open: OpenSession): Promise<FaceDetector> {
  const session = await open(model);
  const floats = createReusedFloats();
  return async function detectTiny(image, options) {
    const canvas = drawCanvas(image, options.longSide, options.border ?? 0, TINY_STEP, floats);
    const cells = floatOutput(await session.run({ image: canvas.tensor }), 'cells').data;
    const rows = canvas.height / TINY_STEP;
    const columns = canvas.width / TINY_STEP;
    return decodeTiny(cells, rows, columns, options.limit).map(canvas.toPicture);
  };
}

/** The picture, resized, on a black canvas whose sides are multiples of `step`. */
function drawCanvas(
  image: RgbImage,
  longSide: number,
  border: number,
  step: number,
  floats: (length: number) => Float32Array,
) {
  const left = image.width * border;
  const top = image.height * border;
  const scale = (Math.max(image.width, image.height) * (1 + 2 * border)) / longSide;
  const sideOf = (pixels: number) =>
    step * Math.max(1, Math.ceil((pixels * (1 + 2 * border)) / scale / step - 1e-6));
  const width = sideOf(image.width);
  const height = sideOf(image.height);
  const data = floats(3 * width * height);
  sampleRegion(
    image,
    { x: -left, y: -top, width: width * scale, height: height * scale },
    width,
    height,
    data,
  );
  brighten(data);
  return {
    width,
    height,
    tensor: { dims: [1, 3, height, width], data },
    toPicture: ({ box, score }: Detection): Detection => {
      const { x, y, width: w, height: h } = scaleBox(box, scale);
      return { score, box: { x: x - left, y: y - top, width: w, height: h } };
    },
  };
}

/** Brightens a dark picture in place, so that faces in shadow are found. */
function brighten(planes: Float32Array): void {
  let sum = 0;
  let lit = 0;
  for (let i = 0; i < planes.length; i += 1) {
    const value = planes[i] ?? 0;
    if (value < BLACK) continue;
    sum += value;
    lit += 1;
  }
  const mean = sum / Math.max(1, lit);
  if (mean >= DARK) return;
  const gain = Math.min(MOST_GAIN, BRIGHTENED / Math.max(mean, 1));
  for (let i = 0; i < planes.length; i += 1) planes[i] = Math.min(255, (planes[i] ?? 0) * gain);
}
