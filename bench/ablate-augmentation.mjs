// What each augmentation of the expression network is worth: the same short run with all of a recipe's, and with one of
// them left out or added, on the same faces from the same start.
//
//   node bench/ablate-augmentation.mjs RECIPE DATA [--from CHECKPOINT] [--steps 500] [--network residual-64] [--seeds 2]
//
// RECIPE is a recipe of the expression network, DATA the folder of the caches it names. A stopped command goes on where
// it was if it is given the same --out (.cache/ablation by default).
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { readRecipe, trainFer } from '@deadpan/training';

const { values, positionals } = parseArgs({
  options: {
    from: { type: 'string' },
    steps: { type: 'string', default: '500' },
    network: { type: 'string', default: 'residual-64' },
    seeds: { type: 'string', default: '2' },
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
const steps = Number(values.steps);
const VARIANTS = {
  'all of the recipe': {},
  'no shift, scale, turn': { shift: 0, scale: [1, 1], rotation: 0 },
  'no tight crops': { tight: 0 },
  'no coarse faces': { coarse: [0, recipe.augmentation.coarse[1]] },
  'no jitter of light': { contrast: 0, noise: 0 },
  'no erasing': { erase: 0 },
  'mixup of half of the faces': { mixup: 0.5 },
};

const results = new Map(Object.keys(VARIANTS).map((name) => [name, []]));
for (let seed = 1; seed <= Number(values.seeds); seed += 1) {
  for (const [name, change] of Object.entries(VARIANTS)) {
    const accuracy = await run(name, change, seed);
    results.get(name).push(accuracy);
    process.stderr.write(`seed ${seed}, ${name}: ${percent(accuracy)}\n`);
  }
}
const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
const whole = mean(results.get('all of the recipe'));
process.stdout.write('| Augmentation | Accuracy | Against all | Each seed |\n| --- | ---: | ---: | --- |\n');
for (const [name, list] of results) {
  const against = name === 'all of the recipe' ? '' : (100 * (mean(list) - whole)).toFixed(1);
  process.stdout.write(
    `| ${name} | ${percent(mean(list))} | ${against} | ${list.map(percent).join(', ')} |\n`,
  );
}

/** Accuracy at the end, of the averaged weights. */
async function run(name, change, seed) {
  const out = join(values.out, `${name.replaceAll(/\W+/g, '-')}-${seed}`);
  const done = join(out, 'accuracy.json');
  if (existsSync(done)) return JSON.parse(readFileSync(done, 'utf8'));
  mkdirSync(out, { recursive: true });
  let accuracy = 0;
  await trainFer(
    {
      ...recipe,
      name,
      seed,
      network: values.network,
      start: values.from === undefined ? 'recognition' : 'checkpoint',
      augmentation: { ...recipe.augmentation, ...change },
      schedule: { ...recipe.schedule, steps },
      average: 0.98,
      evaluateEvery: steps,
      checkpointEvery: 100,
    },
    {
      data,
      out,
      ...(values.from === undefined ? {} : { from: values.from }),
      onProgress: (progress) => (accuracy = progress.accuracy ?? accuracy),
    },
  );
  writeFileSync(done, JSON.stringify(accuracy));
  return accuracy;
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}
