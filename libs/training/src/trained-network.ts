import { parameterShapes, type Network, type Parameters } from '@deadpan/nets';
import { DeadpanError } from '@deadpan/shared';
import { readCheckpoint } from './checkpoint.js';
import { ferNetworkNamed } from './networks/fer-networks.js';
import { hngNetworkNamed } from './networks/hng-networks.js';
import type { FerRecipe, HngRecipe } from './recipe.js';

/** A network that has been trained, with the recipe of its last stage. */
export interface TrainedNetwork<Recipe> {
  readonly recipe: Recipe;
  readonly network: Network;
  readonly parameters: Parameters;
  /** Recipes of the checkpoints whose mean it is, where it is one. */
  readonly meanOf?: readonly string[];
}

/**
 * Reads the expression network of a `best.bin`, a `last.bin` or a mean of them.
 * @param network to read it as, where it is not the recipe's own, such as that of a stage with another size of picture
 * @throws DeadpanError E_TRAINING where the file is missing, or holds something else, such as a run that is to go on
 */
export async function readTrainedExpression(
  file: string,
  network?: Network,
): Promise<TrainedNetwork<FerRecipe>> {
  const { recipe, ...rest } = await readTrained<FerRecipe>(file, 'fer');
  return fitting(file, { recipe, network: network ?? ferNetworkNamed(recipe.network), ...rest });
}

/**
 * Reads the generator of a `last.bin`.
 * @param network to read it as, where it is not the recipe's own
 * @throws DeadpanError E_TRAINING where the file is missing, or holds something else, such as a run that is to go on
 */
export async function readTrainedGenerator(
  file: string,
  network?: Network,
): Promise<TrainedNetwork<HngRecipe>> {
  const { recipe, parameters } = await readTrained<HngRecipe>(file, 'hng');
  return fitting(file, { recipe, network: network ?? hngNetworkNamed(recipe.network), parameters });
}

const NAMES = { fer: 'an expression network', hng: 'a generator' } as const;

async function readTrained<Recipe extends FerRecipe | HngRecipe>(
  file: string,
  kind: Recipe['kind'],
): Promise<{ recipe: Recipe; parameters: Parameters; meanOf?: readonly string[] }> {
  const { state, tensors } = await readCheckpoint<{ recipe?: Recipe; meanOf?: readonly string[] }>(file);
  if (state.recipe?.kind !== kind) {
    throw new DeadpanError('E_TRAINING', `${file} does not hold ${NAMES[kind]}.`);
  }
  const { recipe, meanOf } = state;
  return { recipe, parameters: tensors, ...(meanOf === undefined ? {} : { meanOf }) };
}

/** Every parameter must be there: what is missing would be drawn by chance. */
function fitting<Recipe>(file: string, trained: TrainedNetwork<Recipe>): TrainedNetwork<Recipe> {
  for (const [name, shape] of parameterShapes(trained.network)) {
    const found = trained.parameters.get(name);
    if (found?.shape.join() === shape.join()) continue;
    const run = [...trained.parameters.keys()].some((key) => /^(trained|generator)\//.test(key));
    throw new DeadpanError(
      'E_TRAINING',
      run
        ? `${file} is a run that is to go on, not a finished network.`
        : `${file} is not of the network ${trained.network.name}: ${name} is ${found === undefined ? 'missing' : 'of another shape'}.`,
      { advice: run ? 'Name the best.bin or the last.bin beside it.' : 'Name a checkpoint of that network.' },
    );
  }
  return trained;
}
