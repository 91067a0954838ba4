import { loadTensorflow, type TensorFlow } from '@deadpan/nets';

/**
 * The best native TensorFlow there is: tfjs-node-gpu if installed, else tfjs-node.
 * @throws DeadpanError E_ENGINE_MISSING on import when there is neither
 */
export const tf: TensorFlow = loadTensorflow();
