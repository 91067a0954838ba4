import type { z } from 'zod';
import { ferRecipeSchema, hngRecipeSchema, type FerRecipe, type HngRecipe } from '../recipe.js';

/* Recipes of the smallest networks, which tests change where it matters to them. */

/** A short run of an expression network on the faces `made-up`. */
export function ferRecipeUnderTest(change: Partial<z.input<typeof ferRecipeSchema>> = {}): FerRecipe {
  return ferRecipeSchema.parse({
    kind: 'fer',
    name: 'test',
    seed: 3,
    network: 'inception-small',
    start: 'random',
    sources: [{ cache: 'made-up', classWeights: [1, 1, 1, 1, 1, 1, 1, 1] }],
    augmentation: {
      shift: 1,
      scale: [0.95, 1.05],
      rotation: 3,
      tight: 0.2,
      coarse: [0.2, 30],
      contrast: 0.1,
      noise: 4,
      erase: 0.1,
      mixup: 0.25,
    },
    batch: 16,
    schedule: { peak: 1e-3, warmUp: 2, steps: 6, floor: 0.1 },
    weightDecay: 0.01,
    average: 0.9,
    validation: 'made-up',
    evaluateEvery: 3,
    checkpointEvery: 2,
    ...change,
  });
}

/** A short run of a generator on pairs of `made-up`, of which some people are held out. */
export function hngRecipeUnderTest(change: Partial<z.input<typeof hngRecipeSchema>> = {}): HngRecipe {
  return hngRecipeSchema.parse({
    kind: 'hng',
    name: 'test',
    seed: 5,
    network: 'skip',
    discriminator: 4,
    sources: [{ cache: 'made-up', sameLight: true, holdOutEvery: 3 }],
    mix: { pairs: 2, loosePairs: 0, neutral: 0, alone: 0 },
    weights: { feature: 0, identity: 0, pixel: 1, symmetry: 0, adversarial: 0, expression: 0, change: 0 },
    symmetrySpace: 'pixel',
    featureLayer: 'conv64_3/relu',
    identityLayers: ['conv256_2/relu'],
    schedule: { peak: 1e-3, warmUp: 0, steps: 5, floor: 1 },
    adversarialFrom: 0,
    average: 0,
    checkpointEvery: 5,
    gridEvery: 2,
    ...change,
  });
}
