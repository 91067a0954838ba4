import { parametersFrom, readFerModel, readHngModel, readModel } from '@deadpan/nets';
import { DeadpanError } from '@deadpan/shared';
import { writeCheckpoint } from '../checkpoint.js';
import { ferNetworkNamed } from '../networks/fer-networks.js';
import { hngNetworkNamed } from '../networks/hng-networks.js';
import type { FerRecipe, HngRecipe } from '../recipe.js';

/**
 * Makes a checkpoint of an exported model: to start a training from, to average, to judge or to export again where the
 * run that it came from is gone. Weights that the export rounded stay rounded.
 * @param folder with model.onnx and artifact.json
 * @param recipe the one that the model was trained by; it is kept in the checkpoint
 * @throws DeadpanError E_MODEL_MISSING, E_MODEL_INVALID; E_CONFIG where the recipe is another model's
 */
export async function importModel(
  folder: string,
  recipe: FerRecipe | HngRecipe,
  out: string,
): Promise<{ name: string; version: string }> {
  const { artifact, model } = await (recipe.kind === 'fer' ? readFerModel(folder) : readHngModel(folder));
  if (artifact.recipe !== recipe.name) {
    throw new DeadpanError(
      'E_CONFIG',
      `The model in ${folder} was trained by the recipe ${artifact.recipe}, not by ${recipe.name}.`,
      {
        advice: `Give --recipe the file of ${artifact.recipe}; those of the released models are in recipes/.`,
      },
    );
  }
  const network = recipe.kind === 'fer' ? ferNetworkNamed(recipe.network) : hngNetworkNamed(recipe.network);
  let tensors;
  try {
    // A copy: the model lies in shared memory, which text cannot be read from.
    tensors = parametersFrom(readModel(Uint8Array.from(model)), network);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new DeadpanError('E_MODEL_INVALID', `model.onnx in ${folder} is not of the recipe's network.`, {
      cause,
      advice: 'Use the recipe as it was when the model was trained.',
    });
  }
  const meanOf = artifact.kind === 'fer' ? artifact.meanOf : undefined;
  await writeCheckpoint(out, { state: { recipe, meanOf }, tensors });
  return artifact;
}
