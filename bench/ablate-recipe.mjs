// What parts of a recipe of the expression network are worth: the same run with all of it, with one augmentation left out or
// added, and with rare classes drawn as often as the others, on the same faces from the same start.
//
//   node bench/ablate-recipe.mjs recipes/fer-tune.yaml DATA --from CHECKPOINT [--seeds 1]
//
// DATA is the folder of the caches that the recipe names. Judged are the recipe's validation set and the people that it
// holds out of its other sets. A stopped command goes on where it was if it is given the same --out (.cache/ablation by
// default). With recipes/fer-tune.yaml a seed takes about half an hour on two cores; `deadpan import` makes a checkpoint of the
// released network. From dlib's trunk a short run says how soon it leaves the plateau at the beginning, and no more.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import {
  answersAt,
  createRandom,
  createVariables,
  disposeVariables,
  isHeldOut,
  predictFaces,
  readFaceCache,
  readRecipe,
  readTrainedExpression,
  reportOn,
  trainFer,
} from '@deadpan/training';

const { values, positionals } = parseArgs({
  options: {
    from: { type: 'string' },
    seeds: { type: 'string', default: '1' },
    out: { type: 'string', default: fileURLToPath(new URL('../.cache/ablation', import.meta.url)) },
  },
  allowPositionals: true,
});
const [file, data] = positionals;
if (data === undefined) {
  process.stderr.write('Usage: node bench/ablate-recipe.mjs RECIPE DATA [--from CHECKPOINT]\n');
  process.exit(2);
}

const recipe = await readRecipe(file);
if (recipe.augmentation.crops !== undefined) {
  process.stderr.write(`${file} varies faces by its ten crops alone: there is nothing to leave out.\n`);
  process.exit(2);
}
const augmented = (change) => ({ augmentation: { ...recipe.augmentation, ...change } });
const WHOLE = 'all of the recipe';
const VARIANTS = {
  [WHOLE]: {},
  'no shift, scale, turn': augmented({ shift: 0, scale: [1, 1], rotation: 0 }),
  'no tight crops': augmented({ tight: 0 }),
  'no coarse faces': augmented({ coarse: [0, recipe.augmentation.coarse[1]] }),
  'no jitter of light': augmented({ contrast: 0, noise: 0 }),
  'no erasing': augmented({ erase: 0 }),
  'mixup of half of the faces': augmented({ mixup: 0.5 }),
  'every class as it comes': {
    sources: recipe.sources.map((source) => ({ ...source, classWeights: source.classWeights.map(() => 1) })),
  },
};

const validation = await readFaceCache(data, recipe.validation);
const heldOut = await Promise.all(
  recipe.sources
    .filter(({ holdOutEvery }) => holdOutEvery > 0)
    .map(async ({ cache, holdOutEvery }) => ({
      cache: await readFaceCache(data, cache),
      filter: ({ subject }) => isHeldOut(subject, holdOutEvery),
    })),
);
const judges = [{ cache: validation }, ...heldOut];

/** What each seed came to, by variant: of every judge, in order, accuracy and mean recall of the classes. */
const results = new Map(Object.keys(VARIANTS).map((name) => [name, []]));
for (let seed = 1; seed <= Number(values.seeds); seed += 1) {
  for (const [name, change] of Object.entries(VARIANTS)) {
    const measures = (await run(name, change, seed)).flat();
    results.get(name).push(measures);
    process.stderr.write(`seed ${seed}, ${name}: ${measures.map(percent).join(', ')}\n`);
  }
}
const columns = judges.flatMap(({ cache }) => [`${cache.name}`, 'class mean']);
const mean = (list, column) => list.reduce((sum, measures) => sum + measures[column], 0) / list.length;
process.stdout.write(
  `| | ${columns.map((name) => `${name} | against all`).join(' | ')} |\n` +
    `| --- | ${columns.map(() => '---: | ---:').join(' | ')} |\n`,
);
for (const [name, list] of results) {
  const cells = columns.map((_, column) => {
    const difference = 100 * (mean(list, column) - mean(results.get(WHOLE), column));
    return `${percent(mean(list, column))} | ${name === WHOLE ? '' : difference.toFixed(1)}`;
  });
  process.stdout.write(`| ${name} | ${cells.join(' | ')} |\n`);
}

/** What each judge says at the end, of the averaged weights. */
async function run(name, change, seed) {
  const out = join(values.out, `${name.replaceAll(/\W+/g, '-')}-${seed}`);
  const done = join(out, 'measures.json');
  if (existsSync(done)) return JSON.parse(readFileSync(done, 'utf8'));
  mkdirSync(out, { recursive: true });
  await trainFer(
    {
      ...recipe,
      name: `${recipe.name}, ${name}`,
      seed,
      start: values.from === undefined ? recipe.start : 'checkpoint',
      ...change,
      evaluateEvery: recipe.schedule.steps,
    },
    { data, out, ...(values.from === undefined ? {} : { from: values.from }) },
  );
  const { network, parameters } = await readTrainedExpression(join(out, 'last.bin'));
  const variables = createVariables(network, createRandom(0), parameters);
  const measures = judges.map(({ cache, filter }) => {
    const predictions = predictFaces(network, variables, cache, filter && { filter });
    const { accuracy, classMeanAccuracy } = reportOn(answersAt(predictions, 1));
    return [accuracy, classMeanAccuracy];
  });
  disposeVariables(variables);
  writeFileSync(done, JSON.stringify(measures));
  return measures;
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}
