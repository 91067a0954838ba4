import { readFerModel, readHngModel } from '@deadpan/nets';
import type { Command } from 'commander';

import { modelFolder, modelsFolder } from '../models-folder.js';

/** Adds `models`: what the models are, what they were trained on, and what was measured. */
export function addModelsCommand(program: Command, finish: (exitCode: number) => void): void {
  program
    .command('models')
    .description('Shows the models that are in use: data, terms, measured numbers, SHA-256.')
    .option('--json', 'print their artifacts as JSON')
    .action(async (flags: { json?: boolean }) => {
      const models = [await readHngModel(modelFolder('hng')), await readFerModel(modelFolder('fer'))];
      const artifacts = models.map(({ artifact }) => artifact);
      if (flags.json === true) {
        process.stdout.write(`${JSON.stringify(artifacts, null, 2)}\n`);
      } else {
        process.stdout.write(`${modelsFolder()}\n`);
        for (const { artifact, model } of models) {
          const size = (model.length / 2 ** 20).toFixed(1);
          process.stdout.write(
            `\n${artifact.name} ${artifact.version}, ${size} MiB, ${artifact.weights}, recipe ${artifact.recipe}\n  SHA-256 ${artifact.sha256}\n`,
          );
          for (const { name, images, terms } of artifact.dataSets) {
            process.stdout.write(`  data    ${name}, ${images} images: ${terms}\n`);
          }
          for (const [name, value] of Object.entries(artifact.metrics)) {
            process.stdout.write(`  metric  ${name}: ${Math.round(value * 1e4) / 1e4}\n`);
          }
        }
      }
      finish(0);
    });
}
