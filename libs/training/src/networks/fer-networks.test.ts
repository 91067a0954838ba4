import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rank, Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { softmaxCrossEntropy } from '../losses/softmax-cross-entropy.js';
import { namedGradients } from '../loops/gradients.js';
import { metricLosses } from '../loops/metric-losses.js';
import { asMetric, createMetricParameters } from '../loops/metric-parameters.js';
import { createRandom } from '../random.js';
import { ferNetworkNamed } from './fer-networks.js';
import { runNetwork } from './run-network.js';
import { createVariables } from './variables.js';

/* What each loss teaches of the two branches: softmax at one end, the metric at the other, joined by Eq. 17. */

const labels = [1, 1, 2, 2];
const greatest = (tensor: Tensor | undefined): number => tensor?.abs().max().dataSync<'float32'>()[0] ?? 0;

for (const name of ['inception-small', 'inception-std', 'residual-96']) {
  const network = ferNetworkNamed(name);
  const variables = createVariables(network, createRandom(1));
  const metric = asMetric(createMetricParameters(embeddingSize(network), 8, createRandom(2)));
  const queries = tf.randomNormal<Rank.R4>([4, 60, 60, 1], 0, 1, 'float32', 3);
  const references = tf.randomNormal<Rank.R4>([4, 60, 60, 1], 0, 1, 'float32', 4);

  const gradientsOf = (
    loss: (outputs: { logits: Tensor2D; embedding: Tensor2D }) => Scalar,
  ): ((parameter: string) => number) => {
    const { gradients } = namedGradients(variables, () =>
      loss(
        runNetwork(network, variables, tf.concat([queries, references]), { training: true, seed: 5 }) as {
          logits: Tensor2D;
          embedding: Tensor2D;
        },
      ),
    );
    return (parameter) => {
      assert.ok(variables.has(parameter), parameter);
      return greatest(gradients[parameter]);
    };
  };
  const radial = ({ embedding }: { embedding: Tensor2D }): Scalar =>
    metricLosses.radial.loss(
      {
        queries: embedding.slice(0, 4),
        references: embedding.slice(4),
        labels,
        subjects: labels.map(() => undefined),
        neutral: 0,
      },
      { margin: 0.5, threshold: 1, signs: 'consistent' },
      metric,
    );

  test(`${name}: what the radial metric teaches reaches FC2 through the connecting layer`, () => {
    const taught = gradientsOf(radial);
    for (const parameter of ['fc5/weights', 'p1/weights', 'p2/weights', 'fc3/weights', 'fc2/weights'])
      assert.ok(taught(parameter) > 0, parameter);
    assert.equal(taught('logits/weights'), 0);
    // Through it alone: where P1 is 0, nothing comes to FC2.
    const p1 = variables.get('p1/weights');
    assert.ok(p1);
    const weights = p1.clone();
    p1.assign(tf.zerosLike(weights));
    const cut = gradientsOf(radial);
    p1.assign(weights);
    assert.equal(cut('fc2/weights'), 0);
    assert.ok(cut('fc3/weights') > 0);
  });

  test(`${name}: what the softmax teaches reaches FC2, never FC3 nor the connecting layer`, () => {
    const targets = tf.oneHot(tf.tensor1d(labels, 'int32'), 8) as Tensor2D;
    const taught = gradientsOf(({ logits }) => softmaxCrossEntropy(logits.slice(0, 4), targets));
    for (const parameter of ['logits/weights', 'fc2/weights']) assert.ok(taught(parameter) > 0, parameter);
    for (const parameter of ['fc3/weights', 'fc3/bias', 'p1/weights', 'p2/weights', 'fc5/weights'])
      assert.equal(taught(parameter), 0, parameter);
  });
}

function embeddingSize(network: ReturnType<typeof ferNetworkNamed>): number {
  return network.layers.find(({ name }) => name === network.outputs['embedding'])?.shape[2] ?? NaN;
}
