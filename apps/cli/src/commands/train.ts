import { join } from 'node:path';

import { DeadpanError } from '@deadpan/shared';
import { InvalidArgumentError, Option, type Command } from 'commander';

import { cropOption, type Crop } from './crop-option.js';
import { createStepProgress } from '../laboratory/step-progress.js';
import { writing } from '../report/output-error.js';
import { interruptible } from './interruptible.js';

/* The laboratory. TensorFlow is loaded only by the commands that train, so that all others work without it. */

interface TrainFlags {
  readonly recipe: string;
  readonly data: string;
  readonly out: string;
  readonly from?: string;
  readonly expression?: string;
  readonly references?: string;
  readonly quiet?: boolean;
}

/** Adds `prepare`, `prepare-pairs`, `train hng`, `train fer`, `train average`, `export` and `import`. */
export function addTrainCommands(program: Command, finish: (exitCode: number) => void): void {
  addPrepare(program, finish);
  addPreparePairs(program, finish);
  const train = program
    .command('train')
    .description('Trains a network by a recipe; the same command takes a stopped run up again.');
  const common = (name: string, description: string): Command =>
    train
      .command(name)
      .description(description)
      .requiredOption('--recipe <file>', 'recipe (YAML): everything that decides the numbers; see recipes/')
      .requiredOption('--data <dir>', 'folder of the faces that "deadpan prepare" made')
      .requiredOption('--out <dir>', 'folder of checkpoints, losses and sample grids')
      .option('--from <checkpoint>', 'weights to start from, for recipes that say so')
      .option('--quiet', 'no progress');

  common('hng', 'Trains the generator of neutral references (Algorithm 1).')
    .option(
      '--expression <checkpoint>',
      'frozen expression network, for recipes with an expression weight or taught faces',
    )
    .action(async (flags: TrainFlags) => {
      const lab = await import('@deadpan/training');
      const recipe = await lab.readRecipe(flags.recipe);
      if (recipe.kind !== 'hng') throw wrongKind(flags.recipe, 'hng');
      const frozen =
        flags.expression === undefined ? null : await lab.readTrainedExpression(flags.expression);
      await interruptible(finish, async (signal) => {
        const { steps } = await writing(flags.out, () =>
          lab.trainHng(recipe, {
            ...runOptions(flags, recipe.name, signal),
            ...(frozen === null ? {} : { expression: frozen }),
          }),
        );
        if (!signal.aborted) tellEarlyStop(steps, recipe);
      });
    });

  common('fer', 'Trains the expression network: softmax, or softmax with a metric loss (Algorithm 2).')
    .option('--references <checkpoint>', 'generator of the references, for recipes with a metric stage')
    .action(async (flags: TrainFlags) => {
      const lab = await import('@deadpan/training');
      const recipe = await lab.readRecipe(flags.recipe);
      if (recipe.kind !== 'fer') throw wrongKind(flags.recipe, 'fer');
      const references =
        flags.references === undefined ? null : await lab.referenceGenerator(flags.references);
      await interruptible(finish, async (signal) => {
        const { steps } = await writing(flags.out, () =>
          lab.trainFer(recipe, {
            ...runOptions(flags, recipe.name, signal),
            ...(references === null ? {} : { references }),
          }),
        );
        if (!signal.aborted) tellEarlyStop(steps, recipe);
      });
    });

  train
    .command('average')
    .description('Writes the mean of the weights of several checkpoints of an expression network.')
    .argument('<checkpoints...>', 'best.bin or last.bin of the stages of a training, the last stage last')
    .requiredOption('--out <file>', 'checkpoint to write')
    .action(async (checkpoints: string[], flags: { out: string }) => {
      const { averageCheckpoints } = await import('@deadpan/training');
      await writing(flags.out, () => averageCheckpoints(checkpoints, flags.out));
      process.stdout.write(`the mean of ${checkpoints.length} checkpoints in ${flags.out}\n`);
      finish(0);
    });

  addExport(program, finish);
  addImport(program, finish);
}

function tellEarlyStop(
  steps: number,
  { schedule, stopAfter }: { schedule: { steps: number }; stopAfter?: number | undefined },
): void {
  if (steps === schedule.steps) return;
  process.stderr.write(`Stopped early, after ${steps} steps: no better in ${stopAfter} evaluations.\n`);
}

/** What a run of either network is told. */
function runOptions(flags: TrainFlags, recipe: string, signal: AbortSignal) {
  return {
    data: flags.data,
    out: flags.out,
    signal,
    onProgress: createStepProgress(recipe, flags.quiet ?? false),
    ...(flags.from === undefined ? {} : { from: flags.from }),
  };
}

function addPrepare(program: Command, finish: (exitCode: number) => void): void {
  program
    .command('prepare')
    .description('Aligns the pictures of a labelled set once, for training.')
    .requiredOption('--data <dir>', 'folder of the pictures')
    .requiredOption('--labels <csv>', 'table with path and expression, or with a column of votes per class')
    .requiredOption('--name <name>', 'name of the set, as recipes call it')
    .requiredOption('--out <dir>', 'folder to write to')
    .addOption(cropOption())
    .option('--quiet', 'no progress')
    .action(
      async (flags: {
        data: string;
        labels: string;
        name: string;
        out: string;
        crop: Crop;
        quiet?: boolean;
      }) => {
        const { faceSquares, prepareFaces } = await import('@deadpan/training');
        let said = performance.now();
        const { faces } = await writing(flags.out, () =>
          prepareFaces({
            data: flags.data,
            labels: flags.labels,
            name: flags.name,
            out: flags.out,
            square: faceSquares[flags.crop],
            onProgress: (done, of) => {
              if (flags.quiet === true || (done < of && performance.now() - said < 2_000)) return;
              said = performance.now();
              process.stderr.write(`${done} of ${of} pictures\n`);
            },
          }),
        );
        process.stdout.write(`${faces.length} faces in ${join(flags.out, flags.name)}.bin\n`);
        finish(0);
      },
    );
}

function addPreparePairs(program: Command, finish: (exitCode: number) => void): void {
  program
    .command('prepare-pairs')
    .description(
      'Makes pairs in the same light for "train hng": neutral faces are given the expressions of others.',
    )
    .requiredOption(
      '--data <dir>',
      'folder of the faces that "deadpan prepare" made; receives the pairs as well',
    )
    .requiredOption(
      '--donors <name>',
      'set whose people were photographed neutral and expressive in the same light',
    )
    .option(
      '--mouths <names...>',
      'sets with people neutral and with open mouths, in any light: half of the pairs get such a mouth',
      [],
    )
    .requiredOption('--receivers <names...>', 'sets whose neutral faces receive the expressions')
    .option('--name <name>', 'name of the pairs, as recipes call them', 'transfer')
    .option('--count <n>', 'pairs to make', whole, 5000)
    .option(
      '--hold-out <n>',
      'about one person in n is left out, the same as in the recipes; 0: nobody',
      whole,
      5,
    )
    .option('--seed <n>', 'seed of the draws', whole, 1)
    .option('--quiet', 'no progress')
    .action(async (flags: PairFlags) => {
      const { makeCacheFolder, readFaceCache, transferExpressions, writeFaceCache } =
        await import('@deadpan/training');
      await writing(flags.data, () => makeCacheFolder(flags.data, flags.name));
      const source = async (name: string) => ({
        cache: await readFaceCache(flags.data, name),
        holdOutEvery: flags.holdOut,
        sameLight: name === flags.donors,
      });
      const cache = await transferExpressions(flags.name, {
        donors: [await source(flags.donors)],
        mouths: await Promise.all(flags.mouths.map(source)),
        receivers: await Promise.all(flags.receivers.map(source)),
        count: flags.count,
        seed: flags.seed,
        onProgress: (done, of) => {
          if (flags.quiet !== true) process.stderr.write(`${done} of ${of} pairs\n`);
        },
      });
      await writing(flags.data, () => writeFaceCache(flags.data, cache));
      process.stdout.write(`${flags.count} pairs in ${join(flags.data, flags.name)}.bin\n`);
      finish(0);
    });
}

interface PairFlags {
  readonly data: string;
  readonly donors: string;
  readonly mouths: readonly string[];
  readonly receivers: readonly string[];
  readonly name: string;
  readonly count: number;
  readonly holdOut: number;
  readonly seed: number;
  readonly quiet?: boolean;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || text.trim() === '')
    throw new InvalidArgumentError('It must be a whole number.');
  return value;
}

interface ExportFlags {
  readonly checkpoint: string;
  readonly data: string;
  readonly out: string;
  readonly release: string;
  readonly references?: string;
  readonly weights: 'auto' | 'int8' | 'float16' | 'float32';
  readonly measured?: string;
}

function addExport(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('export')
    .description('Measures a trained network and writes model.onnx, artifact.json and card.md.');
  const common = (name: string, description: string): Command =>
    command
      .command(name)
      .description(description)
      .requiredOption('--checkpoint <file>', 'best.bin or last.bin of a run')
      .requiredOption('--data <dir>', 'folder of the faces that "deadpan prepare" made')
      .requiredOption('--out <dir>', 'folder to write to')
      .requiredOption('--release <version>', 'version of the model, such as 1.0.0', semanticVersion)
      .addOption(
        new Option(
          '--weights <format>',
          'how to store the weights; auto: 8-bit integers where they cost at most 0.3 points of accuracy, or leave 99 of 100 references within 40 dB, else 16-bit floats',
        )
          .choices(['auto', 'int8', 'float16', 'float32'])
          .default('auto'),
      );

  common('hng', 'Exports a generator of neutral references.')
    .option('--measured <json>', 'what bench/judge-generator.mjs wrote, for the card')
    .action(async (flags: ExportFlags) => {
      const { readGeneratorJudgement, releaseHng } = await import('@deadpan/training');
      const { checkpoint, data, out, release: version, weights } = flags;
      const judgement =
        flags.measured === undefined ? undefined : await readGeneratorJudgement(flags.measured);
      const artifact = await writing(out, () =>
        releaseHng({ checkpoint, data, out, version, weights, judgement }),
      );
      process.stdout.write(
        `${artifact.name} ${artifact.version} (${artifact.weights}) in ${out}, SHA-256 ${artifact.sha256}\n`,
      );
      finish(0);
    });
  common('fer', 'Exports an expression network, with its temperature and the scale of its intensity.')
    .requiredOption(
      '--references <checkpoint>',
      'generator of the references, for the scale of the intensity',
    )
    .option(
      '--groups <json>',
      'what "deadpan evaluate --held-out N --groups ... --json" printed, for the card',
    )
    .action(async (flags: ExportFlags & { references: string; groups?: string }) => {
      const { readGenerator, readGroupReport, releaseFer } = await import('@deadpan/training');
      const { checkpoint, data, out, release: version, weights } = flags;
      const generator = await readGenerator(flags.references);
      const groups = flags.groups === undefined ? [] : await readGroupReport(flags.groups);
      const artifact = await writing(out, () =>
        releaseFer({ checkpoint, data, out, version, weights, generator, groups }),
      );
      process.stdout.write(
        `${artifact.name} ${artifact.version} (${artifact.weights}) in ${out}, SHA-256 ${artifact.sha256}\n`,
      );
      finish(0);
    });
}

function addImport(program: Command, finish: (exitCode: number) => void): void {
  program
    .command('import')
    .description('Makes a checkpoint of an exported model, to train on from, to average or to export again.')
    .argument('<model>', 'folder with model.onnx and artifact.json, such as models/fer')
    .requiredOption('--recipe <file>', 'recipe that the model was trained by')
    .requiredOption('--out <file>', 'checkpoint to write')
    .action(async (folder: string, flags: { recipe: string; out: string }) => {
      const { importModel, readRecipe } = await import('@deadpan/training');
      const recipe = await readRecipe(flags.recipe);
      const { name, version } = await writing(flags.out, () => importModel(folder, recipe, flags.out));
      process.stdout.write(`${name} ${version} in ${flags.out}\n`);
      finish(0);
    });
}

const wrongKind = (recipe: string, kind: string): DeadpanError =>
  new DeadpanError('E_CONFIG', `The recipe ${recipe} does not train ${kind}.`, {
    advice: `Its "kind" must be ${kind}.`,
  });

function semanticVersion(text: string): string {
  if (!/^\d+\.\d+\.\d+$/.test(text)) throw new InvalidArgumentError('It must be a version such as 1.0.0.');
  return text;
}
