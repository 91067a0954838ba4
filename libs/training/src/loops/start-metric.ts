import type { Network } from '@deadpan/nets';
import type { Tensor2D, Variable } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { classCentres } from '../losses/class-centres.js';
import { squaredDistances } from '../losses/squared-distance.js';
import { asMetric } from './metric-parameters.js';

/**
 * Scales the layer of the embedding so that the first batch's embeddings spread by 1 around their mean, which gives
 * margins one meaning for all losses, and sets b of an adaptive metric to the median of 1/2 |L (f - C)|^2.
 * @param embeddings of the first batch, [K, D]
 * @param labels their K classes
 * @param metric parameters of an adaptive metric; none for other losses
 */
export function startMetric(
  network: Network,
  variables: ReadonlyMap<string, Variable>,
  metric: ReadonlyMap<string, Variable>,
  embeddings: Tensor2D,
  labels: readonly number[],
): void {
  tf.tidy(() => {
    const centred = tf.sub<Tensor2D>(embeddings, tf.mean(embeddings, 0, true));
    const spread = Math.sqrt(tf.mean(tf.sum(tf.square(centred), 1)).dataSync<'float32'>()[0] ?? 1);
    const last = network.outputs['embedding'] ?? '';
    for (const part of ['weights', 'bias']) {
      const variable = variables.get(`${last}/${part}`);
      variable?.assign(tf.div(variable, spread));
    }
    if (metric.size === 0) return;
    const scaled = tf.div<Tensor2D>(embeddings, spread);
    const { la } = asMetric(metric);
    const distances = squaredDistances(
      tf.matMul(scaled, la),
      tf.matMul(classCentres(scaled, labels), la),
    ).dataSync<'float32'>();
    const sorted = [...distances].sort((a, b) => a - b);
    metric.get('b')?.assign(tf.scalar((sorted[Math.floor(sorted.length / 2)] ?? 1) / 2));
  });
}
