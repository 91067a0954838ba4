import {
  createReusedFloats,
  floatOutput,
  intensityOf,
  task,
  type FerArtifact,
  type OpenSession,
  type Task,
  type TaskOutcome,
} from '@deadpan/nets/worker';
import { CLASSES, CROP_SIZE } from '@deadpan/shared/contracts';
import { CENTRE_CROP, EXPRESSION_INPUT_SIZE, writeExpressionInput } from '@deadpan/vision';

const PIXELS = CROP_SIZE * CROP_SIZE;
const INPUT = EXPRESSION_INPUT_SIZE * EXPRESSION_INPUT_SIZE;

/** Aligned faces and their references in a row, CROP_SIZE x CROP_SIZE gray bytes each. */
export interface ExpressionPayload {
  readonly crops: Uint8Array<ArrayBuffer>;
  readonly references: Uint8Array<ArrayBuffer>;
}

/** Per face: the probabilities in the order of CLASSES, summing to 1, and the intensity, 0..1. */
export interface ExpressionResult {
  readonly probabilities: readonly (readonly number[])[];
  readonly intensities: readonly number[];
}

/** What the worker needs to know. */
export interface ExpressionOptions {
  readonly model: Uint8Array;
  readonly intensity: FerArtifact['intensity'];
}

/** Loads the expression network in a worker. The embeddings stay there: they would identify people. */
export async function createExpressionRun(
  { model, intensity }: ExpressionOptions,
  open: OpenSession,
): Promise<(payload: ExpressionPayload) => Promise<TaskOutcome<ExpressionResult>>> {
  const session = await open(model);
  const floats = createReusedFloats();
  return async ({ crops, references }) => {
    const faces = crops.length / PIXELS;
    // Faces first, then their references: one batch through one network, so the two embeddings can be compared.
    const data = floats(2 * faces * INPUT);
    for (let i = 0; i < faces; i += 1) {
      const at = [i * PIXELS, (i + 1) * PIXELS] as const;
      writeExpressionInput(crops.subarray(...at), CENTRE_CROP, data, i * INPUT);
      writeExpressionInput(references.subarray(...at), CENTRE_CROP, data, (faces + i) * INPUT);
    }
    const dims = [2 * faces, 1, EXPRESSION_INPUT_SIZE, EXPRESSION_INPUT_SIZE];
    const outputs = await session.run({ face: { dims, data } });
    const rows = floatOutput(outputs, 'probabilities').data;
    const embeddings = floatOutput(outputs, 'embedding');
    const size = embeddings.dims[1] ?? 0;
    const embedding = (row: number): Float32Array => embeddings.data.subarray(row * size, (row + 1) * size);
    const each = Array.from({ length: faces }, (_, i) => i);
    return {
      result: {
        probabilities: each.map((i) =>
          normalized(rows.subarray(i * CLASSES.length, (i + 1) * CLASSES.length)),
        ),
        intensities: each.map((i) => intensityOf(embedding(i), embedding(faces + i), intensity)),
      },
    };
  };
}

/** The softmax sums to 1 in single precision; readers want it in double. */
function normalized(row: Float32Array): number[] {
  const sum = row.reduce((total, value) => total + value, 0);
  return Array.from(row, (value) => value / sum);
}

/** The task that classifies faces with the given model. */
export function expressionTask(options: ExpressionOptions): Task<ExpressionPayload, ExpressionResult> {
  return task(import.meta.url, createExpressionRun, options);
}
