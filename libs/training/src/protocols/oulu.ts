import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ExpressionClass } from '@deadpan/shared';
import {
  classOf,
  folderNamed,
  foldersIn,
  namesIn,
  wrongLayout,
  type Protocol,
  type Sequence,
} from './protocol.js';

const EXPRESSIONS: readonly ExpressionClass[] = [
  'anger',
  'disgust',
  'fear',
  'happiness',
  'sadness',
  'surprise',
];

const SET = 'Oulu-CASIA';
const LAYOUT = 'OriginalImg/VL/Strong/P001/Anger/000.jpeg and so on';

/**
 * Oulu-CASIA, visible light, strong illumination: the last three frames of every sequence.
 * @throws DeadpanError E_DATA, E_INPUT_MISSING
 */
export async function readOulu(data: string): Promise<Protocol> {
  const strong = join(await folderNamed(data, 'VL', SET, LAYOUT), 'Strong');
  if (!existsSync(join(data, strong))) throw wrongLayout(SET, `there is no folder ${strong}`, LAYOUT);
  const sequences: Sequence[] = [];
  for (const subject of await foldersIn(join(data, strong))) {
    for (const name of await foldersIn(join(data, strong, subject))) {
      const folder = join(strong, subject, name);
      const expression = EXPRESSIONS.find((one) => one === name.toLowerCase());
      if (expression === undefined)
        throw wrongLayout(SET, `${folder} is not named after an expression`, LAYOUT);
      const frames = (await namesIn(join(data, folder))).filter((file) => /\.(jpe?g|png|bmp)$/i.test(file));
      if (frames.length < 3) throw wrongLayout(SET, `${folder} has ${frames.length} pictures`, LAYOUT);
      sequences.push({
        id: `${subject}/${name}`,
        subject,
        label: classOf(expression),
        source: { kind: 'pictures', files: frames.slice(-3).map((file) => join(folder, file)) },
      });
    }
  }
  if (sequences.length === 0) throw wrongLayout(SET, `${strong} holds no sequence`, LAYOUT);
  return {
    name: 'oulu',
    title: 'Oulu-CASIA, visible light, six classes',
    sequences,
    printed: { sequences: 480, subjects: 80, images: 1440 },
    bySequence: false,
  };
}
