import { createInferencePool, readFerModel } from '@deadpan/nets';
import { CLASSES } from '@deadpan/shared';
import type { Command } from 'commander';

import { evaluateLabels, type Evaluation } from '../evaluation/evaluate-labels.js';
import { modelFolder } from '../models-folder.js';
import { createStageSet } from '../pipeline/stages.js';
import { effectiveConfig } from './config.js';

interface EvaluateFlags {
  readonly data: string;
  readonly labels: string;
  readonly part?: string;
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
    .option('--config <file>', 'configuration file (default: deadpan.yaml, where there is one)')
    .option('--device <device>', 'what runs the networks: auto, cpu, webgpu or cuda')
    .option('--quiet', 'no progress')
    .option('--json', 'print JSON instead of tables')
    .action(async (flags: EvaluateFlags) => {
      const config = effectiveConfig(flags.config, { 'inference.device': flags.device });
      const { device, workers } = config.inference;
      const pool = createInferencePool({ device, ...(workers === 0 ? {} : { workers }) });
      try {
        const stages = await createStageSet(pool, config);
        const { name, version, sha256 } = (await readFerModel(modelFolder('fer'))).artifact;
        let said = performance.now();
        const evaluation = await evaluateLabels({
          data: flags.data,
          labels: flags.labels,
          part: flags.part ?? null,
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

function tables(evaluation: Evaluation): string {
  const { n, leftOut, undetected, accuracy, classMeanAccuracy, macroF1, calibrationError, model } =
    evaluation;
  const percent = (value: number): string => `${(value * 100).toFixed(1)} %`.padStart(7);
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
    '',
    `confusion (rows: truth)  ${CLASSES.map((name) => name.slice(0, 5).padStart(6)).join('')}`,
    ...evaluation.confusion.map(
      (row, k) => `${(CLASSES[k] ?? '').padEnd(25)}${row.map((count) => `${count}`.padStart(6)).join('')}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}
