// Opens the expression network on the device that is named, as a program of its own for doctor. Says what went wrong.
import { argv, stdout } from 'node:process';

import { openEngine, readFerModel, type Device } from '@deadpan/nets';
import { sentenceOf } from '@deadpan/shared';

import { modelFolder } from '../models-folder.js';

try {
  const { model } = await readFerModel(modelFolder('fer'));
  const engine = await openEngine(argv[2] as Device);
  await (await engine.open(model)).release();
} catch (error) {
  stdout.write(sentenceOf(error));
  process.exitCode = 1;
}
