import {
  calibrate,
  encodeModel,
  openEngine,
  quantize,
  readModel,
  sensitiveLayers,
  storeHalf,
  type Network,
  type Session,
  type Tensors,
  type WeightFormat,
} from '@deadpan/nets';

/** What a release can be asked for: `auto` takes integers where they hold, 16-bit floats otherwise. */
export const WEIGHT_CHOICES = ['auto', 'int8', 'float16', 'float32'] as const;

/** One of {@link WEIGHT_CHOICES}. */
export type WeightChoice = (typeof WEIGHT_CHOICES)[number];

/** Faces that the ranges of activations are measured on. */
export const CALIBRATION_FACES = 256;

/** A finished model and how it stores its weights. */
export interface StoredModel {
  readonly model: Uint8Array;
  readonly format: WeightFormat;
}

/**
 * Stores a model's weights smaller. Of a model of integers the layers that stay in floats have 16-bit weights.
 * @param float32 the model as it was trained
 * @param calibration inputs to measure the ranges of activations on
 * @param holds whether a model of integers is as good as the one it came from; asked for `auto` only
 */
export async function storeWeights(
  choice: WeightChoice,
  network: Network,
  float32: Uint8Array,
  calibration: Iterable<Tensors>,
  holds: (model: Uint8Array) => Promise<boolean>,
): Promise<StoredModel> {
  if (choice === 'float32') return { model: float32, format: 'float32' };
  const graph = readModel(float32);
  if (choice !== 'float16') {
    const ranges = await calibrate(await openEngine('cpu'), graph, calibration);
    const model = encodeModel(storeHalf(quantize(graph, ranges, sensitiveLayers(network))));
    if (choice === 'int8' || (await holds(model))) return { model, format: 'int8' };
  }
  return { model: encodeModel(storeHalf(graph)), format: 'float16' };
}

/** Lets `work` ask a finished model, on the processor as at run time. */
export async function withModel<Result>(
  model: Uint8Array,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const session = await (await openEngine('cpu')).open(model);
  try {
    return await work(session);
  } finally {
    await session.release();
  }
}

/** `count` numbers of 0..below-1, evenly spaced; all of them where there are fewer. */
export function evenly(below: number, count: number): number[] {
  const taken = Math.min(below, count);
  return Array.from({ length: taken }, (_, i) => Math.floor((i * below) / taken));
}
