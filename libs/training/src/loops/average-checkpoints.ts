import { DeadpanError } from '@deadpan/shared';
import { writeCheckpoint } from '../checkpoint.js';
import { isMetricOnly } from '../networks/fer-networks.js';
import { readTrainedExpression } from '../trained-network.js';

/**
 * Writes the mean of the weights of several checkpoints of one expression network, stages or moments of the same
 * training (Wortsman et al., "Model soups", ICML 2022): nearer to the middle of what fits than any of them. The layers
 * of the metric branch are those of the checkpoints that trained it. The last checkpoint's recipe goes on.
 * @throws DeadpanError E_TRAINING where a file is missing or the checkpoints are not of one network
 */
export async function averageCheckpoints(files: readonly string[], out: string): Promise<void> {
  const checkpoints = await Promise.all(
    files.map(async (file) => ({ file, ...(await readTrainedExpression(file)) })),
  );
  const last = checkpoints.at(-1);
  if (last === undefined) throw new DeadpanError('E_TRAINING', 'There are no checkpoints to average.');
  const withMetric = checkpoints.filter(({ recipe }) => recipe.metric !== undefined);
  const tensors = [...last.parameters].map(([name, { shape }]) => {
    const ofMetric = isMetricOnly(name) && withMetric.length > 0;
    const all = ofMetric ? withMetric : checkpoints;
    const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    for (const { file, parameters } of all) {
      const tensor = parameters.get(name);
      if (tensor?.data.length !== data.length) {
        throw new DeadpanError('E_TRAINING', `The weights ${name} are not alike in all checkpoints.`, {
          advice: `Average checkpoints of one network; ${file} is of another.`,
        });
      }
      tensor.data.forEach((value, k) => (data[k] = (data[k] ?? 0) + value / all.length));
    }
    return [name, { shape, data }] as const;
  });
  // A checkpoint that is a mean itself names those that it is the mean of.
  const meanOf = checkpoints.flatMap(({ recipe, meanOf }) => meanOf ?? [recipe.name]);
  await writeCheckpoint(out, { state: { recipe: last.recipe, meanOf }, tensors: new Map(tensors) });
}
