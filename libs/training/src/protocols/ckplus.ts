import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
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

/** CK+'s numbers for expressions (Lucey et al. 2010, ReadMeCohnKanadeDatabase_website.txt). */
const EXPRESSIONS: Readonly<Record<number, ExpressionClass>> = {
  1: 'anger',
  2: 'contempt',
  3: 'disgust',
  4: 'fear',
  5: 'happiness',
  6: 'sadness',
  7: 'surprise',
};

const SET = 'CK+';
const LAYOUT =
  'cohn-kanade-images/S005/001/S005_001_00000001.png and so on, and Emotion/S005/001/S005_001_00000011_emotion.txt';

/**
 * CK+: the last three frames of every sequence that has a label; with `neutral` its first frame besides, as the eighth
 * class.
 * @throws DeadpanError E_DATA, E_INPUT_MISSING
 */
export async function readCkPlus(data: string, neutral: boolean): Promise<Protocol> {
  const pictures = await folderNamed(data, 'cohn-kanade-images', SET, LAYOUT);
  const labels = await folderNamed(data, 'Emotion', SET, LAYOUT);
  const sequences: Sequence[] = [];
  for (const subject of await foldersIn(join(data, labels))) {
    for (const take of await foldersIn(join(data, labels, subject))) {
      // Sequences without a label have a folder all the same, and no file in it.
      const file = (await namesIn(join(data, labels, subject, take))).find((name) =>
        name.endsWith('_emotion.txt'),
      );
      if (file === undefined) continue;
      const label = await labelIn(join(data, labels, subject, take, file));
      const folder = join(pictures, subject, take);
      if (!existsSync(join(data, folder))) {
        throw wrongLayout(SET, `${join(labels, subject, take, file)} has no pictures in ${folder}`, LAYOUT);
      }
      const frames = (await namesIn(join(data, folder))).filter((name) => name.endsWith('.png'));
      if (frames.length < 4) throw wrongLayout(SET, `${folder} has ${frames.length} pictures`, LAYOUT);
      const source = (files: readonly string[]) => ({
        kind: 'pictures' as const,
        files: files.map((name) => join(folder, name)),
      });
      const id = `${subject}/${take}`;
      sequences.push({ id, subject, label, source: source(frames.slice(-3)) });
      if (neutral) {
        sequences.push({
          id: `${id}/neutral`,
          subject,
          label: classOf('neutral'),
          source: source(frames.slice(0, 1)),
        });
      }
    }
  }
  if (sequences.length === 0) throw wrongLayout(SET, `${labels} holds no label`, LAYOUT);
  return {
    name: neutral ? 'ckplus8' : 'ckplus',
    title: neutral ? 'CK+, eight classes' : 'CK+, seven classes',
    sequences,
    printed: { sequences: 327, subjects: 118, images: neutral ? 1308 : 981 },
    bySequence: false,
  };
}

async function labelIn(file: string): Promise<number> {
  const text = (await readFile(file, 'utf8')).trim();
  const expression = EXPRESSIONS[Number(text)];
  if (expression === undefined) throw wrongLayout(SET, `${file} says '${text}', not 1 to 7`, LAYOUT);
  return classOf(expression);
}
