import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';

/**
 * The gradient of a loss by the names that `variables` gives to variables. Variables that the loss does not depend on
 * must not be among them.
 */
export function namedGradients(
  variables: Iterable<readonly [string, Variable]>,
  loss: () => Scalar,
): { value: Scalar; gradients: Record<string, Tensor> } {
  const names = new Map<string, string>();
  const list: Variable[] = [];
  for (const [name, variable] of variables) {
    if (!variable.trainable) continue;
    names.set(variable.name, name);
    list.push(variable);
  }
  const { value, grads } = tf.variableGrads(loss, list);
  const gradients: Record<string, Tensor> = {};
  for (const [id, gradient] of Object.entries(grads)) gradients[names.get(id) ?? id] = gradient;
  return { value, gradients };
}
