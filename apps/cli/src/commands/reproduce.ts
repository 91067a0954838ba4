import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { DeadpanError } from '@deadpan/shared';
import type { Deal, FaceCache, FigureName, MethodName, ProtocolName, TrunkName } from '@deadpan/training';
import { InvalidArgumentError, Option, type Command } from 'commander';

import { cropOption, type Crop } from './crop-option.js';
import { createExperimentProgress } from '../laboratory/experiment-progress.js';
import { openReferenceGenerator } from '../laboratory/generate-references.js';
import { readMiddleFrames } from '../laboratory/middle-frames.js';
import { makeFolder } from '../report/atomic-folder.js';
import { writing } from '../report/output-error.js';
import { interruptible } from './interruptible.js';

/* The paper's experiments. TensorFlow is loaded only when one runs. */

interface ReproduceFlags {
  readonly data: string;
  readonly out: string;
  readonly methods: readonly string[];
  readonly folds: number;
  readonly deal: Deal;
  readonly runFolds?: number;
  readonly seeds: number;
  readonly steps: number;
  readonly perClass: number;
  readonly gamma: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly margin: number;
  readonly threshold: number;
  readonly trunk: TrunkName;
  readonly figures: readonly string[];
  readonly limit: number;
  readonly least: number;
  readonly paired?: boolean;
  readonly identitySteps: number;
  readonly identityScale: number;
  readonly autoEncoderSteps: number;
  readonly quick?: boolean;
  readonly quiet?: boolean;
}

/** Where the faces of an experiment come from. */
interface Faces {
  readonly title: string;
  readonly protocol: ProtocolName | undefined;
  readonly printed:
    { readonly sequences: number; readonly subjects: number; readonly images: number } | undefined;
  readonly set: FaceCache;
  /** Whether a face belongs to a test part that was given; undefined for folds. */
  readonly isTest: ((index: number) => boolean) | undefined;
  readonly bySequence: boolean;
}

type Lab = typeof import('@deadpan/training');

const SETS = {
  ckplus: ['CK+, seven classes', 'folder with cohn-kanade-images/ and Emotion/'],
  ckplus8: ['CK+, eight classes: neutral besides', 'folder with cohn-kanade-images/ and Emotion/'],
  mmi: ['MMI, six classes', 'folder with Sessions/'],
  oulu: ['Oulu-CASIA, visible light, six classes', 'folder with OriginalImg/VL/Strong/'],
} as const satisfies Record<ProtocolName, readonly [string, string]>;

/** At the paper's weights times this, the loss goes from no influence to the greatest one. */
const IDENTITY_SCALE = 40;

/** Adds `reproduce`. */
export function addReproduceCommand(program: Command, finish: (exitCode: number) => void): void {
  const reproduce = program
    .command('reproduce')
    .description("The paper's experiments: every method on the same trunk, batches and folds.");
  const common = (name: string, description: string, data: string): Command =>
    reproduce
      .command(name)
      .description(description)
      .requiredOption('--data <dir>', data)
      .requiredOption(
        '--out <dir>',
        'folder of report.html, results.json and all that is worked out on the way',
      )
      .option('--methods <names...>', 'methods to compare, or "all"', ['all'])
      .option('--folds <n>', 'subject-disjoint folds that the people are dealt into', positive, 10)
      .addOption(
        new Option(
          '--deal <how>',
          'people by their ids: every n-th into a fold, or consecutive blocks of them',
        )
          .choices(['interleaved', 'blocks'])
          .default('interleaved'),
      )
      .option('--run-folds <n>', 'how many of them are tested; all by default', positive)
      .option('--seeds <n>', 'runs of each method on each fold', positive, 1)
      .option('--steps <n>', 'training steps of a run', positive, 600)
      .option('--per-class <n>', 'faces of each class in a batch; the paper has 2', positive, 2)
      .option('--gamma <weight>', 'weight of the metric loss, 0 or more; the paper has 1', weight, 1)
      .option('--learning-rate <rate>', 'greatest learning rate, 0 or more', weight, 1e-3)
      .option('--weight-decay <share>', 'weight decay, 0 or more; the paper has 1e-4, with SGD', weight, 0.01)
      .option(
        '--margin <distance>',
        'tau of RML with fixed T and of triplet, m of contrastive, alpha of coupled clusters, 0 or more; embeddings spread by 1',
        weight,
        0.5,
      )
      .option(
        '--threshold <distance>',
        'T of RML with fixed T: a squared distance to the class centre, 0 or more; embeddings spread by 1',
        weight,
        0.5,
      )
      .addOption(
        new Option(
          '--trunk <name>',
          'dlib’s residual trunk, its lower part frozen, or the paper’s inception, trained whole',
        )
          .choices(['residual', 'inception', 'inception-small'])
          .default('residual'),
      )
      .option(
        '--figures <names...>',
        'figures that cost time: gamma, slope, distances, faces, identity; or "none"',
        ['distances', 'faces'],
      )
      .option(
        '--limit <n>',
        'at most so many faces to train and validate on, drawn by chance; 0: all',
        natural,
        0,
      )
      .option('--paired', 'only people who are seen neutral and otherwise, not those of --test')
      .option('--least <n>', 'leave out expressions of which there are fewer faces', natural, 0)
      .option(
        '--identity-steps <n>',
        'training steps of each generator of the figure "identity"',
        positive,
        400,
      )
      .option(
        '--auto-encoder-steps <n>',
        'training steps of the auto-encoder that those generators start from',
        positive,
        3000,
      )
      .option(
        '--identity-scale <factor>',
        'what the paper’s weights of the identity loss are multiplied by',
        weight,
        IDENTITY_SCALE,
      )
      .option('--quick', 'a look: softmax, triplet and RML, two folds, 60 steps')
      .option('--quiet', 'no progress');

  for (const [name, [description, data]] of Object.entries(SETS)) {
    common(name, `${description}; the printed protocol.`, data).action(async (flags: ReproduceFlags) => {
      await run(flags, finish, (lab) => protocolFaces(lab, name as ProtocolName, flags));
    });
  }
  common('labels', 'Any labelled pictures, people apart.', 'folder of the pictures')
    .requiredOption(
      '--labels <csv>',
      'table with path, subject and expression, or with a column of votes per class',
    )
    .addOption(cropOption())
    .action(async (flags: ReproduceFlags & { labels: string; crop: Crop }) => {
      await run(flags, finish, (lab) => labelledFaces(lab, flags));
    });
  common(
    'faces',
    'Sets that "deadpan prepare" has aligned.',
    'folder of the faces that "deadpan prepare" made',
  )
    .requiredOption('--names <names...>', 'sets to train on, and to test on by folds')
    .option('--test <name>', 'set to test on instead of folds')
    .action(async (flags: ReproduceFlags & { names: string[]; test?: string }) => {
      await run(flags, finish, (lab) => preparedFaces(lab, flags));
    });
}

async function run(
  given: ReproduceFlags,
  finish: (exitCode: number) => void,
  facesOf: (lab: Lab) => Promise<Faces>,
): Promise<void> {
  const lab = await import('@deadpan/training');
  const flags: ReproduceFlags =
    given.quick === true
      ? {
          ...given,
          methods: ['softmax', 'triplet', 'radial'],
          figures: ['faces'],
          folds: Math.min(given.folds, 3),
          runFolds: 2,
          seeds: 1,
          steps: 60,
        }
      : given;
  const methods = chosen<MethodName>('--methods', flags.methods, lab.methodNames, 'all', lab.methodNames);
  const figures = chosen<FigureName>('--figures', flags.figures, lab.figureNames, 'none', []);
  await writing(flags.out, () => makeFolder(flags.out));
  const faces = chosenFaces(lab, await facesOf(lab), flags);
  const { set, isTest } = faces;
  const subjects = set.faces.map(({ subject }) => subject);
  const splits =
    isTest === undefined
      ? lab.subjectFolds(subjects, flags.folds, flags.deal)
      : [lab.fixedSplit(subjects, isTest)];
  const generator = await openReferenceGenerator();
  try {
    await interruptible(finish, async (signal) => {
      const done = await lab.runExperiment({
        title: faces.title,
        set,
        splits,
        deal: isTest === undefined ? flags.deal : undefined,
        bySequence: faces.bySequence,
        methods,
        folds: Math.min(flags.runFolds ?? splits.length, splits.length),
        seeds: Array.from({ length: flags.seeds }, (_, seed) => seed + 1),
        gamma: flags.gamma,
        trunk: flags.trunk,
        training: {
          steps: flags.steps,
          perClass: flags.perClass,
          learningRate: flags.learningRate,
          weightDecay: flags.weightDecay,
          margin: flags.margin,
          threshold: flags.threshold,
          evaluateEvery: Math.max(1, Math.round(flags.steps / 20)),
        },
        figures,
        identity: {
          weights: lab.paperIdentityErrors.map(([identityWeight]) => identityWeight),
          scale: flags.identityScale,
          autoEncoderSteps: flags.autoEncoderSteps,
          steps: flags.identitySteps,
        },
        out: flags.out,
        referencesOf: generator.referencesOf,
        generator: generator.sha256,
        onProgress: createExperimentProgress(flags.quiet ?? false),
        signal,
      });
      const { experimentReport } = await import('../report/experiment-report.js');
      const about = { protocol: faces.protocol, printed: faces.printed, generator: generator.name };
      const report = join(flags.out, 'report.html');
      await writing(report, async () => {
        await writeFile(
          join(flags.out, 'results.json'),
          `${JSON.stringify({ format: 'deadpan-reproduce-1', ...about, ...done.results }, rounded)}\n`,
        );
        await writeFile(report, await experimentReport(done.results, done.pictures, about));
      });
      process.stdout.write(`${report}\n`);
    });
  } finally {
    await generator.close();
  }
}

/** Six digits are more than any of these numbers knows. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}

async function protocolFaces(lab: Lab, name: ProtocolName, flags: ReproduceFlags): Promise<Faces> {
  const readers = {
    ckplus: () => lab.readCkPlus(flags.data, false),
    ckplus8: () => lab.readCkPlus(flags.data, true),
    mmi: () => lab.readMmi(flags.data),
    oulu: () => lab.readOulu(flags.data),
  };
  const protocol = await readers[name]();
  const progress = createExperimentProgress(flags.quiet ?? false);
  const set = await alignedOnce(lab, flags, name, { data: resolve(flags.data) }, (folder) =>
    lab.prepareProtocolFaces(protocol, {
      data: flags.data,
      out: folder,
      readMiddleFrames,
      onProgress: (done, of) => {
        progress({ task: 'sequences', done, of, stepsLeft: 0, stepsDone: 0 });
      },
    }),
  );
  const { title, printed, bySequence } = protocol;
  return { title, protocol: name, printed, set, isTest: undefined, bySequence };
}

async function labelledFaces(
  lab: Lab,
  flags: ReproduceFlags & { labels: string; crop: Crop },
): Promise<Faces> {
  const table = JSON.stringify(await lab.readLabels(flags.labels));
  const labels = createHash('sha256').update(table).digest('hex');
  const progress = createExperimentProgress(flags.quiet ?? false);
  const source = { data: resolve(flags.data), labels, crop: flags.crop };
  const set = await alignedOnce(lab, flags, 'labels', source, (folder) =>
    lab.prepareFaces({
      data: flags.data,
      labels: flags.labels,
      square: lab.faceSquares[flags.crop],
      name: 'labels',
      out: folder,
      onProgress: (done, of) => {
        progress({ task: 'pictures', done, of, stepsLeft: 0, stepsDone: 0 });
      },
    }),
  );
  return {
    title: 'Labelled pictures',
    protocol: undefined,
    printed: undefined,
    set,
    isTest: undefined,
    bySequence: false,
  };
}

/**
 * The faces of the output folder if they were aligned before, from the same pictures.
 * @throws DeadpanError E_TRAINING where they are of others
 */
async function alignedOnce(
  lab: Lab,
  { out }: ReproduceFlags,
  name: string,
  source: object,
  align: (folder: string) => Promise<FaceCache>,
): Promise<FaceCache> {
  const folder = join(out, 'faces');
  const keep = (): Promise<void> =>
    lab.keepTo(join(folder, 'source.json'), source, 'pictures, labels or crop');
  if (existsSync(join(folder, `${name}.json`))) {
    await keep();
    return lab.readFaceCache(folder, name);
  }
  const set = await align(folder);
  await rm(join(folder, 'source.json'), { force: true });
  await keep();
  return set;
}

async function preparedFaces(
  lab: Lab,
  flags: ReproduceFlags & { names: string[]; test?: string },
): Promise<Faces> {
  const read = (name: string): Promise<FaceCache> => {
    if (!existsSync(join(flags.data, `${name}.json`))) {
      throw new DeadpanError('E_INPUT_MISSING', `${flags.data} has no set ${name}.`, {
        advice: `Make it with "deadpan prepare --name ${name}".`,
      });
    }
    return lab.readFaceCache(flags.data, name);
  };
  if (flags.test !== undefined && flags.names.includes(flags.test)) {
    throw new DeadpanError('E_USAGE', `The set ${flags.test} is to be trained on and tested on.`, {
      advice: 'Leave it out of --names, or leave out --test for folds.',
    });
  }
  const trained = lab.joinSets(flags.names.join(' + '), await Promise.all(flags.names.map(read)));
  const common = { protocol: undefined, printed: undefined, bySequence: false };
  if (flags.test === undefined) return { ...common, title: trained.name, set: trained, isTest: undefined };
  const set = lab.joinSets(trained.name, [trained, await read(flags.test)]);
  return {
    ...common,
    title: `${trained.name}, tested on ${flags.test}`,
    set,
    isTest: (index) => index >= trained.faces.length,
  };
}

/**
 * Leaves out faces without a label, then, but for the faces to test on, people who are not paired, then rare
 * expressions, then what is over the limit.
 * @throws DeadpanError E_DATA where none is left to train on
 */
function chosenFaces(
  lab: Lab,
  faces: Faces,
  { paired = false, least, limit }: Pick<ReproduceFlags, 'paired' | 'least' | 'limit'>,
): Faces {
  const { set, isTest } = faces;
  const tests = (index: number): boolean => isTest?.(index) === true;
  const people = paired ? lab.pairedSubjects(set.faces.filter((_, index) => !tests(index))) : undefined;
  const labelled = set.faces.flatMap(({ label, subject }, index) =>
    label !== undefined && (tests(index) || people?.has(subject ?? '') !== false) ? [{ index, label }] : [],
  );
  const training = (label: number): number =>
    labelled.filter((face) => face.label === label && !tests(face.index)).length;
  const common = new Set(
    [...new Set(labelled.map(({ label }) => label))].filter((l) => training(l) >= least),
  );
  const left = labelled.filter(({ label }) => common.has(label)).map(({ index }) => index);
  const given = left.filter((index) => tests(index));
  const others = left.filter((index) => !tests(index));
  if (others.length === 0) {
    throw new DeadpanError('E_DATA', `No face of ${set.name} is left to train on.`, {
      advice: 'Leave out --paired, or lower --least.',
    });
  }
  const order = [...lab.permutation(lab.createRandom(1), others.length)];
  const kept = new Set(limit === 0 ? order : order.slice(0, limit));
  const drawn = others.filter((_, position) => kept.has(position));
  return {
    ...faces,
    set: lab.subsetOf(set, [...drawn, ...given]),
    isTest: isTest === undefined ? undefined : (index) => index >= drawn.length,
  };
}

function chosen<Name extends string>(
  flag: string,
  given: readonly string[],
  known: readonly Name[],
  word: string,
  meaning: readonly Name[],
): readonly Name[] {
  const names = given.flatMap((text) => text.split(','));
  if (names.length === 1 && names[0] === word) return meaning;
  for (const name of names) {
    if (!known.includes(name as Name)) {
      throw new DeadpanError('E_USAGE', `${flag} does not know ${name}.`, {
        advice: `Known are ${known.join(', ')}, and ${word}.`,
      });
    }
  }
  return known.filter((name) => names.includes(name));
}

function natural(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || text.trim() === '') {
    throw new InvalidArgumentError('It must be a whole number.');
  }
  return value;
}

function positive(text: string): number {
  const value = natural(text);
  if (value === 0) throw new InvalidArgumentError('It must be 1 or more.');
  return value;
}

function weight(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || text.trim() === '') {
    throw new InvalidArgumentError('It must be a number of 0 or more.');
  }
  return value;
}
