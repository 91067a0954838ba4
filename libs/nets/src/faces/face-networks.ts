import {
  buildLandmarkNet,
  buildSsdDetector,
  buildTinyDetector,
  type SsdDetector,
} from '../face-api/index.js';

/** The networks that find a face and place its landmarks, as ONNX files in shared memory. */
export interface FaceNetworks {
  readonly ssd: SsdDetector;
  readonly tiny: Uint8Array;
  readonly landmarks: Uint8Array;
}

let made: FaceNetworks | undefined;

/**
 * Converts face-api's weights, once in a process: its workers share the result, and each converts nothing itself.
 * @throws DeadpanError E_MODEL_MISSING, E_MODEL_INVALID
 */
export function faceNetworks(): FaceNetworks {
  if (made === undefined) {
    const { model, anchors } = buildSsdDetector();
    made = {
      ssd: { model: shared(model), anchors },
      tiny: shared(buildTinyDetector()),
      landmarks: shared(buildLandmarkNet()),
    };
  }
  return made;
}

function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
