import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLASSES } from '@deadpan/shared/contracts';
import { DeadpanError } from '@deadpan/shared/errors';
import { z } from 'zod';

const dataSet = z.strictObject({ name: z.string(), images: z.int().nonnegative(), terms: z.string() });

/** How a model stores its weights: `int8` with floats where integers would cost accuracy. */
export const WEIGHT_FORMATS = ['float32', 'float16', 'int8'] as const;

/** One of {@link WEIGHT_FORMATS}. */
export type WeightFormat = (typeof WEIGHT_FORMATS)[number];

const common = {
  name: z.string(),
  version: z.string(),
  /** SHA-256 of model.onnx, hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  weights: z.enum(WEIGHT_FORMATS),
  /** Name of the recipe of its last stage, a file of `recipes/`. */
  recipe: z.string(),
  dataSets: z.array(dataSet),
  /** Numbers measured on held-out data, by what they are. */
  metrics: z.record(z.string(), z.number()),
};

/** What stands beside the expression network's weights. */
export const ferArtifactSchema = z.strictObject({
  kind: z.literal('fer'),
  ...common,
  /** Recipes of the checkpoints whose mean the weights are, where they are one: one name for each checkpoint. */
  meanOf: z.array(z.string()).min(1).optional(),
  /** Meaning of the outputs, in their order. */
  labels: z.tuple(
    CLASSES.map((name) => z.literal(name)) as [
      z.ZodLiteral<(typeof CLASSES)[number]>,
      ...z.ZodLiteral<(typeof CLASSES)[number]>[],
    ],
  ),
  inputSize: z.literal(60),
  /**
   * What `writeExpressionInput` does to the pixels, the middle 60x60 of the aligned 64x64 face: their histogram is
   * equalised over 256 levels, the least-squares plane of brightness taken off (the mean stays), and the result shifted
   * and scaled to mean 0 and variance 1 of each picture (1e-6 is added to the variance). There is no mean of a data set.
   */
  normalisation: z.literal('equalize-plane-standardize'),
  embeddingSize: z.int().positive(),
  /** By which the logits are divided inside the graph. */
  temperature: z.number().positive(),
  /** Distances between the embeddings of a face and of its reference that mean intensity 0 and 1. */
  intensity: z.strictObject({ neutral: z.number().nonnegative(), strong: z.number().positive() }),
});

/** What stands beside the reference generator's weights. */
export const hngArtifactSchema = z.strictObject({
  kind: z.literal('hng'),
  ...common,
  /** Side of the aligned face. Its grey levels are divided by 255 and not normalised any further. */
  inputSize: z.literal(64),
});

/** See {@link ferArtifactSchema}. */
export type FerArtifact = z.infer<typeof ferArtifactSchema>;
/** See {@link hngArtifactSchema}. */
export type HngArtifact = z.infer<typeof hngArtifactSchema>;

/** A released model: its description and the bytes of its model.onnx. */
export interface ReleasedModel<Artifact> {
  readonly artifact: Artifact;
  /** Over shared memory, so that every worker reads the one copy. */
  readonly model: Uint8Array;
}

/** SHA-256 as hexadecimal digits. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const KINDS = { fer: 'an expression network (fer)', hng: 'a reference generator (hng)' } as const;

async function readReleased<Artifact extends { sha256: string }>(
  folder: string,
  kind: keyof typeof KINDS,
  schema: z.ZodType<Artifact>,
): Promise<ReleasedModel<Artifact>> {
  const read = async (name: string): Promise<Buffer> => {
    try {
      return await readFile(join(folder, name));
    } catch (cause) {
      throw new DeadpanError('E_MODEL_MISSING', `There is no ${name} in ${folder}.`, {
        cause,
        advice:
          'Both files are what `deadpan export` wrote; DEADPAN_MODELS, where it is set, names the folder that holds fer/ and hng/.',
      });
    }
  };
  const [text, model] = await Promise.all([read('artifact.json'), read('model.onnx')]);
  const described = parseJson(text.toString('utf8'), folder);
  const other = z.looseObject({ kind: z.enum(['fer', 'hng']) }).safeParse(described).data?.kind;
  if (other !== undefined && other !== kind) {
    throw new DeadpanError(
      'E_MODEL_INVALID',
      `The model in ${folder} is ${KINDS[other]}, not ${KINDS[kind]}.`,
    );
  }
  const parsed = schema.safeParse(described);
  if (!parsed.success) {
    throw new DeadpanError(
      'E_MODEL_INVALID',
      `artifact.json in ${folder} is not valid: ${z.prettifyError(parsed.error)}`,
    );
  }
  if (sha256(model) !== parsed.data.sha256) {
    throw new DeadpanError(
      'E_MODEL_INVALID',
      `model.onnx in ${folder} is not the one that artifact.json describes.`,
    );
  }
  const shared = new Uint8Array(new SharedArrayBuffer(model.length));
  shared.set(model);
  return { artifact: parsed.data, model: shared };
}

function parseJson(text: string, folder: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DeadpanError('E_MODEL_INVALID', `artifact.json in ${folder} is not JSON.`, { cause });
  }
}

/**
 * Reads an expression network: input `face` [N, 1, 60, 60]; outputs `probabilities` [N, 8] and `embedding` [N, D].
 * @throws DeadpanError E_MODEL_MISSING, E_MODEL_INVALID
 */
export async function readFerModel(folder: string): Promise<ReleasedModel<FerArtifact>> {
  return readReleased(folder, 'fer', ferArtifactSchema);
}

/**
 * Reads a reference generator: input `face` [N, 1, 64, 64] of grey levels 0..1; output `reference`, the same shape.
 * @throws DeadpanError E_MODEL_MISSING, E_MODEL_INVALID
 */
export async function readHngModel(folder: string): Promise<ReleasedModel<HngArtifact>> {
  return readReleased(folder, 'hng', hngArtifactSchema);
}
