import { readFile } from 'node:fs/promises';
import { recognitionNetwork } from '@deadpan/nets';
import { DeadpanError } from '@deadpan/shared';
import { parse } from 'yaml';
import { z } from 'zod';
import { metricLosses, metricLossNames } from './loops/metric-losses.js';
import { ferNetworkNamed } from './networks/fer-networks.js';

const eight = z.array(z.number().nonnegative()).length(8);

const source = z.strictObject({
  /** Name of a face cache. */
  cache: z.string(),
  /** Expected draws per epoch of a face of each class. */
  classWeights: eight,
  smoothing: z.number().min(0).max(1).default(0),
  undecided: z.number().nonnegative().default(0.5),
  /** About one person in so many is held out; 0 keeps all. */
  holdOutEvery: z.int().nonnegative().default(0),
});

/** The paper's: five places of the crop, each with its mirror image, and nothing else. */
const tenCrops = z.strictObject({ crops: z.literal('ten') });

const drawnCrops = z.strictObject({
  crops: z.undefined().optional(),
  shift: z.number().nonnegative(),
  scale: z.tuple([z.number().positive(), z.number().positive()]),
  rotation: z.number().nonnegative(),
  tight: z.number().min(0).max(1),
  coarse: z.tuple([z.number().min(0).max(1), z.number().positive()]),
  contrast: z.number().nonnegative(),
  noise: z.number().nonnegative(),
  erase: z.number().min(0).max(1),
  /** Share of the plain faces that are mixed with another of the batch, pixels and targets alike. */
  mixup: z.number().min(0).max(1).default(0),
});

const augmentation = z.discriminatedUnion('crops', [tenCrops, drawnCrops]);

const schedule = z.strictObject({
  peak: z.number().positive(),
  warmUp: z.int().nonnegative(),
  steps: z.int().positive(),
  floor: z.number().min(0).max(1),
});

/** The paper's rule needs a validation set. */
const validatedSchedule = schedule.extend({
  halve: z.strictObject({ rise: z.number().positive(), stall: z.int().positive() }).optional(),
});

function canBeBuilt(network: string): boolean {
  try {
    ferNetworkNamed(network);
    return true;
  } catch {
    return false;
  }
}

const recognitionLayer = z
  .string()
  .refine(
    (name) => recognitionNetwork().layers.some((layer) => layer.name === name),
    'No layer of the recognition trunk; these are called such as conv64_3/relu',
  );

/** A run of the expression network: everything that decides its numbers. */
export const ferRecipeSchema = z
  .strictObject({
    kind: z.literal('fer'),
    name: z.string(),
    seed: z.int(),
    /** `residual-N`: dlib's trunk on faces enlarged to N pixels; or the paper's inception trunks. */
    network: z
      .string()
      .regex(/^(residual-\d+|inception-std|inception-small)$/)
      .refine(canBeBuilt, 'Too few pixels: the trunk leaves none at its end'),
    /** `recognition`: the trunk starts from face-api's face recognition weights. `checkpoint`: from the given checkpoint. */
    start: z.enum(['random', 'recognition', 'checkpoint']),
    sources: z.array(source).min(1),
    augmentation,
    /** Faces of a batch that train the softmax only; 0, in the joint stage: its queries alone, as in Algorithm 2. */
    batch: z.int().nonnegative(),
    schedule: validatedSchedule,
    /** `adam` with decoupled weight decay, unless told; `sgd` with the paper's momentum. */
    optimizer: z.enum(['adam', 'sgd']).optional(),
    weightDecay: z.number().nonnegative(),
    /** Decay of the moving average of the weights. */
    average: z.number().min(0).max(1),
    /** The joint stage (Algorithm 2); left out for softmax alone. */
    metric: z
      .strictObject({
        gamma: z.number().nonnegative(),
        /** Images of each class in a batch. */
        perClass: z.int().positive(),
        /**
         * Whether these train the softmax, too, as in Algorithm 2. Where plain faces train it as well, images drawn evenly
         * over the classes shift what it takes for likely.
         */
        softmaxOnQueries: z.boolean().default(true),
        /** Whether the references of the queries train the softmax as further neutral faces. */
        referencesAsNeutral: z.boolean().optional(),
        loss: z.enum(metricLossNames),
        signs: z.enum(['consistent', 'printed']).default('consistent'),
        /** Rows of L_A and L_B. */
        rank: z.int().positive().default(32),
        threshold: z.number().positive().default(1),
        margin: z.number().positive().default(0.5),
      })
      .refine(
        ({ loss, referencesAsNeutral }) => referencesAsNeutral !== true || metricLosses[loss].usesReferences,
        {
          path: ['referencesAsNeutral'],
          error: 'The loss has no references',
        },
      )
      .optional(),
    /** Cache that the best weights are chosen on. */
    validation: z.string(),
    evaluateEvery: z.int().positive(),
    /** Early stopping: evaluations without a better one after which the run ends. */
    stopAfter: z.int().positive().optional(),
    checkpointEvery: z.int().positive(),
  })
  .refine(({ network, start }) => start !== 'recognition' || network.startsWith('residual-'), {
    path: ['start'],
    error: "Only residual-N has the trunk whose weights 'recognition' names",
  })
  .refine(({ batch, metric }) => batch > 0 || metric?.softmaxOnQueries === true, {
    path: ['batch'],
    error: 'Nothing would train the softmax: 0 needs a "metric" whose queries train it',
  });

/** A run of the reference generator. */
export const hngRecipeSchema = z.strictObject({
  kind: z.literal('hng'),
  name: z.string(),
  seed: z.int(),
  network: z.enum(['skip', 'plain-64', 'plain-32']),
  /** `scratch`, or the weights of the given checkpoint. */
  start: z.enum(['scratch', 'checkpoint']).default('scratch'),
  /** Width of the discriminator's first layer. */
  discriminator: z.int().positive(),
  /** How much of Adam's first moment the discriminator keeps: 0.5 unless told, with which it follows the generator better. */
  discriminatorBeta1: z.number().min(0).lt(1).optional(),
  /** Face caches; about one person in `holdOutEvery` of each is held out. */
  sources: z
    .array(
      z.strictObject({
        cache: z.string(),
        holdOutEvery: z.int().nonnegative().default(0),
        sameLight: z.boolean().default(false),
        /** How often each of its pairs counts among all pairs in the same light. */
        repeat: z.int().min(1).default(1),
      }),
    )
    .min(1),
  /**
   * Degrees by which the head may be turned or nod in a neutral face: the target of a pair, or one of the guiding set. Left
   * out, any.
   */
  frontal: z.number().positive().optional(),
  /**
   * Faces of a batch: same person, same light (paired by file), same person in other light, neutral itself, no partner.
   * `taught` ones have no partner either: their target is what the generator that the run starts from makes of them when
   * it reads its own output again, until the expression network calls it neutral at least as surely as `teacherShare`,
   * `teacherPasses` times at most.
   */
  mix: z
    .strictObject({
      pairs: z.int().nonnegative(),
      taught: z.int().nonnegative().default(0),
      loosePairs: z.int().nonnegative(),
      neutral: z.int().nonnegative(),
      alone: z.int().nonnegative(),
    })
    .refine((mix) => Object.values(mix).some((faces) => faces > 0), 'No face would be in a batch'),
  teacherPasses: z.int().min(1).default(5),
  teacherShare: z.number().min(0).max(1).default(0.85),
  weights: z.strictObject({
    feature: z.number().nonnegative(),
    identity: z.number().nonnegative(),
    pixel: z.number().nonnegative(),
    symmetry: z.number().nonnegative(),
    adversarial: z.number().nonnegative(),
    /** Not in the paper: a frozen expression network must call the output neutral. 0 leaves it out. */
    expression: z.number().nonnegative(),
    /** Not in the paper: |xh - x| of all faces, so that nothing changes without need. */
    change: z.number().nonnegative(),
  }),
  /** How much more the pixels count that differ between input and target; 0: as in the paper. */
  emphasis: z.number().nonnegative().default(0),
  /** `sum`: the pixel loss of a face as the paper prints it, 4096 times the `mean` over its pixels; that, unless told. */
  pixelLoss: z.enum(['mean', 'sum']).optional(),
  symmetrySpace: z.enum(['pixel', 'laplacian']),
  /** Layer of the recognition trunk whose values are phi, and the layers that are psi. */
  featureLayer: recognitionLayer,
  identityLayers: z.array(recognitionLayer).min(1),
  schedule,
  /** Probability of neutral that the expression term asks for; real neutral faces get no more. */
  neutralShare: z.number().min(0).max(1).default(0.8),
  /** Steps before the adversarial term begins. */
  adversarialFrom: z.int().nonnegative(),
  /** Steps before the expression term begins: pairs first show what a natural change looks like. */
  expressionFrom: z.int().nonnegative().default(0),
  average: z.number().min(0).max(1),
  checkpointEvery: z.int().positive(),
  /** Steps between grids, and between evaluations on the pairs in the same light that are held out. */
  gridEvery: z.int().positive(),
  /** Early stopping: evaluations without a better one after which the run ends. */
  stopAfter: z.int().positive().optional(),
});

/** See {@link ferRecipeSchema}. */
export type FerRecipe = z.infer<typeof ferRecipeSchema>;
/** See {@link hngRecipeSchema}. */
export type HngRecipe = z.infer<typeof hngRecipeSchema>;

/**
 * Reads a recipe (YAML or JSON).
 * @throws DeadpanError E_INPUT_MISSING, or E_CONFIG naming what is wrong in it
 */
export async function readRecipe(file: string): Promise<FerRecipe | HngRecipe> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new DeadpanError('E_INPUT_MISSING', `The recipe ${file} cannot be read.`, { cause });
  }
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    // Not always a YAMLParseError: an alias that leads nowhere is a ReferenceError.
    const [reason = ''] = cause instanceof Error ? cause.message.split('\n') : [];
    throw new DeadpanError('E_CONFIG', `The recipe ${file} is not valid YAML: ${reason}`, { cause });
  }
  const parsed = z.discriminatedUnion('kind', [ferRecipeSchema, hngRecipeSchema]).safeParse(value);
  if (!parsed.success)
    throw new DeadpanError('E_CONFIG', `The recipe ${file} is not valid: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
