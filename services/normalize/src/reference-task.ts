import { floatOutput, task, type OpenSession, type Task, type TaskOutcome } from '@deadpan/nets';
import { CROP_SIZE } from '@deadpan/shared';

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
  return async ({ crops }) => {
    const faces = crops.length / PIXELS;
    const data = Float32Array.from(crops, (gray) => gray / 255);
    const outputs = await session.run({ face: { dims: [faces, 1, CROP_SIZE, CROP_SIZE], data } });
    const reference = floatOutput(outputs, 'reference');
    const result = Uint8Array.from(reference.data, (value) =>
      Math.round(Math.min(1, Math.max(0, value)) * 255),
    );
    return { result, transfer: [result.buffer] };
  };
}

/** The task that generates references with the given model.onnx. */
export function referenceTask(model: Uint8Array): Task<ReferencePayload, Uint8Array<ArrayBuffer>> {
  return task(import.meta.url, createReferenceRun, { model });
}
