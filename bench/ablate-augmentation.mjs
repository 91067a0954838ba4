// What each augmentation of the expression network is worth: the same run with all of a recipe's, and with one of them
// left out or added, on the same faces from the same start.
//
//   node bench/ablate-augmentation.mjs recipes/fer-small.yaml DATA [--from CHECKPOINT] [--seeds 1]
//
// The recipe is one of the expression network, DATA the folder of the caches it names. Judged are the recipe's validation
// set and the people that it holds out of its other sets. A stopped command goes on where it was if it is given the same
// --out (.cache/ablation by default). With recipes/fer-small.yaml a seed takes about an hour on two cores. A run that is
// cut short says nothing of an augmentation, which shows after some epochs.
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
  process.stderr.write('Usage: node bench/ablate-augmentation.mjs RECIPE DATA [--from CHECKPOINT]\n');
  process.exit(2);
}

const recipe = await readRecipe(file);
const VARIANTS = {
  'all of the recipe': {},
  'no shift, scale, turn': { shift: 0, scale: [1, 1], rotation: 0 },
  'no tight crops': { tight: 0 },
  'no coarse faces': { coarse: [0, recipe.augmentation.coarse[1]] },
  'no jitter of light': { contrast: 0, noise: 0 },
  'no erasing': { erase: 0 },
  'mixup of half of the faces': { mixup: 0.5 },
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

/** Accuracies of each seed, by variant: those of the judges in order. */
const results = new Map(Object.keys(VARIANTS).map((name) => [name, []]));
for (let seed = 1; seed <= Number(values.seeds); seed += 1) {
  for (const [name, change] of Object.entries(VARIANTS)) {
    const accuracies = await run(name, change, seed);
    results.get(name).push(accuracies);
    process.stderr.write(`seed ${seed}, ${name}: ${accuracies.map(percent).join(', ')}\n`);
  }
}
const mean = (list, judge) => list.reduce((sum, accuracies) => sum + accuracies[judge], 0) / list.length;
const whole = results.get('all of the recipe');
process.stdout.write(
  `| Augmentation | ${judges.map(({ cache }) => `${cache.name} | Against all | Each seed`).join(' | ')} |\n` +
    `| --- | ${judges.map(() => '---: | ---: | ---').join(' | ')} |\n`,
);
for (const [name, list] of results) {
  const cells = judges.map((_, judge) => {
    const against = list === whole ? '' : (100 * (mean(list, judge) - mean(whole, judge))).toFixed(1);
    const seeds = list.map((accuracies) => percent(accuracies[judge])).join(', ');
    return `${percent(mean(list, judge))} | ${against} | ${seeds}`;
  });
  process.stdout.write(`| ${name} | ${cells.join(' | ')} |\n`);
}

/** What each judge says at the end, of the averaged weights. */
async function run(name, change, seed) {
  const out = join(values.out, `${name.replaceAll(/\W+/g, '-')}-${seed}`);
  const done = join(out, 'accuracies.json');
  if (existsSync(done)) return JSON.parse(readFileSync(done, 'utf8'));
  mkdirSync(out, { recursive: true });
  await trainFer(
    {
      ...recipe,
      name,
      seed,
      start: values.from === undefined ? recipe.start : 'checkpoint',
      augmentation: { ...recipe.augmentation, ...change },
      evaluateEvery: recipe.schedule.steps,
    },
    { data, out, ...(values.from === undefined ? {} : { from: values.from }) },
  );
  const { network, parameters } = await readTrainedExpression(join(out, 'last.bin'));
  const variables = createVariables(network, createRandom(0), parameters);
  const accuracies = judges.map(
    ({ cache, filter }) =>
      reportOn(answersAt(predictFaces(network, variables, cache, filter && { filter }), 1)).accuracy,
  );
  disposeVariables(variables);
  writeFileSync(done, JSON.stringify(accuracies));
  return accuracies;
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}
