import { createInferencePool, readFerModel } from '@deadpan/nets';
import { CLASSES, DeadpanError } from '@deadpan/shared';
import type { Command } from 'commander';

import { evaluateLabels, type Evaluation } from '../evaluation/evaluate-labels.js';
import { modelFolder } from '../models-folder.js';
import { createStageSet } from '../pipeline/stages.js';
import { CONFIG_OPTION, effectiveConfig } from './config.js';

interface EvaluateFlags {
  readonly data: string;
  readonly labels: string;
  readonly part?: string;
  readonly heldOut?: string;
  readonly groups?: string;
  readonly config?: string;
  readonly device?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Adds `evaluate`: labelled pictures through the released models. */
export function addEvaluateCommand(program: Command, finish: (exitCode: number) => void): void {
  program
    .command('evaluate')
    .description('Measures the models on labelled pictures.')
    .requiredOption('--data <dir>', 'folder of the pictures')
    .requiredOption('--labels <csv>', 'table with path and expression, or with a column of votes per class')
    .option('--part <name>', 'only rows whose column "part" has this value')
    .option('--held-out <n>', 'only people whom a recipe with this holdOutEvery leaves out of training')
    .option('--groups <columns>', 'columns whose values are told apart, such as gender,ethnicity')
    .option(...CONFIG_OPTION)
    .option('--device <device>', 'what runs the networks: auto, cpu, webgpu, cuda or tfjs')
    .option('--quiet', 'no progress')
    .option('--json', 'print JSON instead of tables')
    .action(async (flags: EvaluateFlags) => {
      const heldOutEvery = flags.heldOut === undefined ? null : Number(flags.heldOut);
      if (heldOutEvery !== null && !(Number.isInteger(heldOutEvery) && heldOutEvery >= 2)) {
        throw new DeadpanError('E_USAGE', `--held-out takes a whole number from 2, not '${flags.heldOut}'.`);
      }
      const config = effectiveConfig(flags.config, { 'inference.device': flags.device });
      const { device, workers } = config.inference;
      const pool = createInferencePool({ device, ...(workers === 0 ? {} : { workers }) });
      try {
        const stages = await createStageSet(pool, config);
        await stages.loaded;
        const { name, version, sha256 } = (await readFerModel(modelFolder('fer'))).artifact;
        let said = performance.now();
        const evaluation = await evaluateLabels({
          data: flags.data,
          labels: flags.labels,
          part: flags.part ?? null,
          heldOutEvery,
          groups: flags.groups?.split(',').map((column) => column.trim()) ?? [],
          pool,
          stages: stages.forInput(),
          model: { name, version, sha256 },
          onProgress: (done, of) => {
            if (flags.quiet === true || performance.now() - said < 10_000) return;
            said = performance.now();
            process.stderr.write(`${done} of ${of} pictures\n`);
          },
        });
        process.stdout.write(
          flags.json === true ? `${JSON.stringify(evaluation, null, 2)}\n` : tables(evaluation),
        );
        finish(0);
      } finally {
        await pool.close();
      }
    });
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`.padStart(7);
}

function tables(evaluation: Evaluation): string {
  const { n, leftOut, undetected, accuracy, classMeanAccuracy, macroF1, calibrationError, model } =
    evaluation;
  const lines = [
    `${model.name} ${model.version} on ${n} pictures (${leftOut} without a majority left out; ${undetected} taken whole)`,
    `accuracy            ${percent(accuracy)}`,
    `class-mean accuracy ${percent(classMeanAccuracy)}`,
    `macro F1            ${percent(macroF1)}`,
    `calibration error   ${percent(calibrationError)}`,
    '',
    'class       count  recall  precision',
    ...evaluation.perClass.map(
      (row) =>
        `${row.class.padEnd(10)} ${`${row.count}`.padStart(6)} ${percent(row.recall)}    ${percent(row.precision)}`,
    ),
    ...groupTable(evaluation),
    '',
    `confusion (rows: truth)  ${CLASSES.map((name) => name.slice(0, 5).padStart(6)).join('')}`,
    ...evaluation.confusion.map(
      (row, k) => `${(CLASSES[k] ?? '').padEnd(25)}${row.map((count) => `${count}`.padStart(6)).join('')}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function groupTable({ groups }: Evaluation): string[] {
  if (groups.length === 0) return [];
  return [
    '',
    'group                           count  accuracy  class mean',
    ...groups.map(
      ({ column, value, n, accuracy, classMeanAccuracy }) =>
        `${`${column}: ${value === '' ? 'not told' : value}`.padEnd(30)} ${`${n}`.padStart(6)}  ${percent(accuracy)}     ${percent(classMeanAccuracy)}`,
    ),
  ];
}
