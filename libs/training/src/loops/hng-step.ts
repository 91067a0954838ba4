import { ENCODER_PREFIX, type Network } from '@deadpan/nets';
import type { Scalar, Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { generatorSide } from '../datasets/hng-pools.js';
import { stopGradient } from '../kernels/stop-gradient.js';
import { discriminatorLoss, generatorLoss } from '../losses/adversarial.js';
import { featureLoss } from '../losses/feature.js';
import { identityLoss } from '../losses/identity.js';
import { emphasizedPixelLoss, pixelLoss } from '../losses/pixel.js';
import { softmaxCrossEntropy } from '../losses/softmax-cross-entropy.js';
import { symmetryLoss } from '../losses/symmetry.js';
import { expressionTensor } from '../networks/expression-tensor.js';
import { runLayers, runNetwork, runSomeLayers } from '../networks/run-network.js';
import type { Variables } from '../networks/variables.js';
import type { HngRecipe } from '../recipe.js';
import { namedGradients } from './gradients.js';

/** A network with its variables. */
export interface Model {
  readonly network: Network;
  readonly variables: Variables;
}

/** The networks of a step. All but the generator and the discriminator are frozen. */
export interface HngModels {
  readonly generator: Model;
  readonly discriminator: Model;
  /** phi and psi; reads grey levels 0..1. */
  readonly recognition: Model;
  /** Must call the output neutral; undefined leaves the term out. */
  readonly expression: Model | undefined;
}

/** A mini-batch. The first faces have a target, the rest have none. */
export interface HngBatch {
  /** [N, 64, 64, 1], 0..1 */
  readonly inputs: Tensor4D;
  /** Of the first M faces, [M, 64, 64, 1]. */
  readonly targets: Tensor4D;
  /** How many of the first faces have a target in the same light, whose pixels count. */
  readonly exact: number;
  /** Neutral faces of anybody, [G, 64, 64, 1]. */
  readonly guiding: Tensor4D;
  /** Where the expression network's crop begins, 0..4 each way, and noise to add to what it sees. */
  readonly crop: readonly [x: number, y: number];
  readonly noise: Tensor4D;
}

type Gradients = Record<string, Tensor>;

/** What a step hands to the optimisers, and every loss term by its name. */
export interface HngStep {
  readonly generator: Gradients;
  readonly discriminator: Gradients | undefined;
  readonly terms: Readonly<Record<string, number>>;
}

/** The references of a batch of faces; what it does is on the gradient tape. */
export function generate({ network, variables }: Model, faces: Tensor4D, training: boolean): Tensor4D {
  return runNetwork(network, variables, faces, { training, momentum: 0 })['reference'] as Tensor4D;
}

/**
 * One step of Algorithm 1, counted from 0; gradients only. The content signal (L_feat, L_id, L_pixel and the extra terms) trains
 * encoder and decoder, the symmetry and adversarial signals the decoder alone.
 */
export function hngStep(models: HngModels, batch: HngBatch, recipe: HngRecipe, step: number): HngStep {
  const adversarial = recipe.weights.adversarial > 0 && step >= recipe.adversarialFrom;
  const expression = step >= recipe.expressionFrom ? models.expression : undefined;
  const terms: Record<string, number> = {};
  const report = (name: string, term: Scalar): Scalar => {
    terms[name] = term.dataSync()[0] ?? 0;
    return term;
  };
  const { generator, discriminator } = models;
  const gradients = tf.tidy(() => {
    const outputs = generate(generator, batch.inputs, true);
    const known = needsFeatures(recipe) ? knownFeatures(models.recognition, batch, recipe) : undefined;
    const content = tf.grad((xh) =>
      contentLoss(xh as Tensor4D, known, models.recognition, expression, batch, recipe, report),
    )(outputs);
    const decoderOnly =
      adversarial || recipe.weights.symmetry > 0
        ? tf.grad((xh) => decoderLoss(xh as Tensor4D, discriminator, recipe, adversarial, report))(outputs)
        : undefined;
    const forGenerator = generatorGradients(generator, batch.inputs, content, decoderOnly);
    const forDiscriminator = adversarial
      ? discriminatorGradients(discriminator, batch.guiding, outputs, report)
      : undefined;
    return { generator: forGenerator, discriminator: forDiscriminator ?? {} };
  });
  return {
    generator: gradients.generator,
    discriminator: adversarial ? gradients.discriminator : undefined,
    terms,
  };
}

// A recipe of pixels alone spares the recognition network, which is most of a step's work.
function needsFeatures({ weights }: HngRecipe): boolean {
  return weights.feature > 0 || weights.identity > 0;
}

interface KnownFeatures {
  readonly phi: Tensor4D;
  readonly psi: readonly Tensor[];
}

function recognise({ network, variables }: Model, faces: Tensor4D): Map<string, Tensor> {
  return runLayers(network, variables, faces);
}

function layerOf(values: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const value = values.get(name);
  if (!value) throw new Error(`no layer ${name} has run`);
  return value;
}

// Features of what is given: psi of the inputs, phi of the targets; one pass over both.
function knownFeatures(recognition: Model, batch: HngBatch, recipe: HngRecipe): KnownFeatures {
  const [count] = batch.inputs.shape;
  const values = recognise(recognition, tf.concat([batch.inputs, batch.targets]));
  return {
    psi: recipe.identityLayers.map((name) => layerOf(values, name).slice(0, count)),
    phi: layerOf(values, recipe.featureLayer).slice(count) as Tensor4D,
  };
}

function contentLoss(
  xh: Tensor4D,
  known: KnownFeatures | undefined,
  recognition: Model,
  expression: Model | undefined,
  batch: HngBatch,
  { weights, emphasis, featureLayer, identityLayers, neutralShare, pixelLoss: form }: HngRecipe,
  report: (name: string, term: Scalar) => Scalar,
): Scalar {
  const change = report('change', pixelLoss(xh, batch.inputs));
  let loss: Scalar = tf.mul(change, weights.change);
  if (batch.exact > 0) {
    const exact = (faces: Tensor4D): Tensor4D => faces.slice(0, batch.exact);
    const mean = emphasizedPixelLoss(exact(xh), exact(batch.targets), exact(batch.inputs), emphasis);
    const pixel: Scalar = form === 'sum' ? tf.mul(mean, generatorSide ** 2) : mean;
    loss = tf.add(loss, tf.mul(report('pixel', pixel), weights.pixel));
  }
  if (known !== undefined) {
    const values = recognise(recognition, xh);
    const paired = known.phi.shape[0];
    // Where nobody has a partner, the mean over them is no number.
    if (paired > 0) {
      const features = layerOf(values, featureLayer).slice(0, paired) as Tensor4D;
      const feature = report('feature', featureLoss(features, known.phi));
      loss = tf.add(loss, tf.mul(feature, weights.feature));
    }
    const identity = report(
      'identity',
      identityLoss(
        known.psi,
        identityLayers.map((name) => layerOf(values, name)),
      ),
    );
    loss = tf.add(loss, tf.mul(identity, weights.identity));
  }
  if (expression && weights.expression > 0) {
    const [count] = xh.shape;
    const [left, top] = batch.crop;
    const seen = tf.add(tf.slice(xh, [0, top, left, 0], [count, 60, 60, 1]), batch.noise);
    const { logits } = runNetwork(
      expression.network,
      expression.variables,
      expressionTensor(seen as Tensor4D),
    );
    const neutral = neutralTargets(count, (logits as Tensor2D).shape[1], neutralShare);
    loss = tf.add(
      loss,
      tf.mul(report('expression', softmaxCrossEntropy(logits as Tensor2D, neutral)), weights.expression),
    );
  }
  return loss;
}

// Neutral, as sure as the network is of real neutral faces: asked for more, the generator would overdo it.
function neutralTargets(count: number, classes: number, share: number): Tensor2D {
  const row = Array.from({ length: classes }, (_, k) => (k === 0 ? share : (1 - share) / (classes - 1)));
  return tf.tile(tf.tensor2d([row]), [count, 1]);
}

function decoderLoss(
  xh: Tensor4D,
  discriminator: Model,
  { weights, symmetrySpace }: HngRecipe,
  adversarial: boolean,
  report: (name: string, term: Scalar) => Scalar,
): Scalar {
  const symmetry: Scalar = tf.mul(report('symmetry', symmetryLoss(xh, symmetrySpace)), weights.symmetry);
  if (!adversarial) return symmetry;
  const { logit } = runNetwork(discriminator.network, discriminator.variables, xh);
  return tf.add(
    symmetry,
    tf.mul(report('adversarial', generatorLoss(logit as Tensor2D)), weights.adversarial),
  );
}

/**
 * Carries the two signals at the output back to the generator's variables: `content` to all, `decoderOnly` to those of
 * the decoder. The decoder runs twice, once on the encoder's output and once on a constant copy of it.
 */
export function generatorGradients(
  { network, variables }: Model,
  inputs: Tensor4D,
  content: Tensor,
  decoderOnly: Tensor | undefined,
): Gradients {
  const isEncoder = (name: string): boolean => name.startsWith(ENCODER_PREFIX);
  const { value, gradients } = namedGradients(variables, () => {
    const encoded = new Map<string, Tensor>([[network.input.name, inputs]]);
    runSomeLayers(network, variables, encoded, isEncoder, { training: true });
    const constant = new Map([...encoded].map(([name, tensor]) => [name, stopGradient(tensor)]));
    runSomeLayers(network, variables, encoded, (name) => !isEncoder(name), { training: true });
    const along = (values: Map<string, Tensor>, direction: Tensor): Scalar =>
      tf.sum(tf.mul(layerOf(values, network.outputs['reference'] ?? ''), direction));
    if (decoderOnly === undefined) return along(encoded, content);
    runSomeLayers(network, variables, constant, (name) => !isEncoder(name), { training: true, momentum: 0 });
    return tf.add(along(encoded, content), along(constant, decoderOnly));
  });
  value.dispose();
  return gradients;
}

function discriminatorGradients(
  { network, variables }: Model,
  guiding: Tensor4D,
  generated: Tensor4D,
  report: (name: string, term: Scalar) => Scalar,
): Gradients {
  const [real] = guiding.shape;
  const { value, gradients } = namedGradients(variables, () => {
    const { logit } = runNetwork(network, variables, tf.concat([guiding, generated]), { training: true });
    const logits = logit as Tensor2D;
    return report('discriminator', discriminatorLoss(logits.slice(0, real), logits.slice(real)));
  });
  value.dispose();
  return gradients;
}
