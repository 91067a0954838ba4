import {
  createReusedFloats,
  floatOutput,
  task,
  type OpenSession,
  type Task,
  type TaskOutcome,
} from '@deadpan/nets/worker';
import { CROP_SIZE } from '@deadpan/shared/contracts';

const PIXELS = CROP_SIZE * CROP_SIZE;

/** Aligned faces in a row, CROP_SIZE x CROP_SIZE gray bytes each. */
export interface ReferencePayload {
  readonly crops: Uint8Array<ArrayBuffer>;
}

/** Loads the generator in a worker. Gives the references of the crops, in the same order and form. */
export async function createReferenceRun(
  { model }: { readonly model: Uint8Array },
  open: OpenSession,
): Promise<(payload: ReferencePayload) => Promise<TaskOutcome<Uint8Array<ArrayBuffer>>>> {
  const session = await open(model);
  const floats = createReusedFloats();
  return async ({ crops }) => {
    const faces = crops.length / PIXELS;
    const data = floats(crops.length);
    for (let i = 0; i < crops.length; i += 1) data[i] = (crops[i] ?? 0) / 255;
    const outputs = await session.run({ face: { dims: [faces, 1, CROP_SIZE, CROP_SIZE], data } });
    const levels = floatOutput(outputs, 'reference').data;
    const result = new Uint8Array(levels.length);
    for (let i = 0; i < levels.length; i += 1) {
      result[i] = Math.round(Math.min(1, Math.max(0, levels[i] ?? 0)) * 255);
    }
    return { result, transfer: [result.buffer] };
  };
}

/** The task that generates references with the given model.onnx. */
export function referenceTask(model: Uint8Array): Task<ReferencePayload, Uint8Array<ArrayBuffer>> {
  return task(import.meta.url, createReferenceRun, { model });
}
