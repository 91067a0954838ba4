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

/** MMI's numbers for the six basic emotions; others are left out. */
const EXPRESSIONS: Readonly<Record<string, ExpressionClass>> = {
  '1': 'anger',
  '2': 'disgust',
  '3': 'fear',
  '4': 'happiness',
  '5': 'sadness',
  '6': 'surprise',
};

const SET = 'MMI';
const LAYOUT =
  'Sessions/1/ and so on, each with session.xml, a video such as S001-001.avi and S001-001.xml with <Metatag Name="Emotion" Value="1"/>';

/**
 * MMI: the three middle frames of every video that shows a face from the front (view 0, or 2 with a mirror) with one
 * of the six basic emotions. What a sequence is taken for is the class with the greatest mean score.
 * @throws DeadpanError E_DATA, E_INPUT_MISSING
 */
export async function readMmi(data: string): Promise<Protocol> {
  const sessions = await folderNamed(data, 'Sessions', SET, LAYOUT);
  const sequences: Sequence[] = [];
  for (const session of await foldersIn(join(data, sessions))) {
    const folder = join(sessions, session);
    const about = join(data, folder, 'session.xml');
    // Sessions of still pictures have no video.
    const video = (await namesIn(join(data, folder))).find((name) => name.toLowerCase().endsWith('.avi'));
    if (video === undefined) continue;
    if (!existsSync(about)) throw wrongLayout(SET, `${folder} has no session.xml`, LAYOUT);
    const view = /<track\b[^>]*\bview="(\d+)"/i.exec(await readFile(about, 'utf8'))?.[1];
    if (view !== '0' && view !== '2') continue;
    const name = video.slice(0, -'.avi'.length);
    const annotation = join(data, folder, `${name}.xml`);
    if (!existsSync(annotation)) continue;
    const value = emotionIn(await readFile(annotation, 'utf8'));
    const expression = EXPRESSIONS[value ?? ''];
    if (expression === undefined) continue;
    const subject = /^(S\d+)-/i.exec(name)?.[1]?.toUpperCase();
    if (subject === undefined) {
      throw wrongLayout(SET, `${folder}/${video} does not begin with its subject`, LAYOUT);
    }
    sequences.push({
      id: name,
      subject,
      label: classOf(expression),
      source: { kind: 'video', file: join(folder, video), middle: 3 },
    });
  }
  if (sequences.length === 0) {
    throw wrongLayout(SET, `${sessions} holds no frontal video with one of the six emotions`, LAYOUT);
  }
  return {
    name: 'mmi',
    title: 'MMI, six classes',
    sequences,
    printed: { sequences: 208, subjects: 31, images: 624 },
    bySequence: true,
  };
}

function emotionIn(xml: string): string | undefined {
  const tag = /<Metatag\b[^>]*\bName="Emotion"[^>]*>/i.exec(xml)?.[0];
  return tag === undefined ? undefined : /\bValue="(\d+)"/i.exec(tag)?.[1];
}
