import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { FileInfo } from '@deadpan/ingest';

import type { ModelFacts, ReferencePicture } from '../report/report-html.js';
import { reportHtml } from '../report/report-html.js';
import { summarize, summaryJson, type Summary } from '../report/summary.js';
import { timelineSvg } from '../report/timeline-svg.js';
import { writeWhole } from '../report/written-file.js';
import { version } from '../version.js';
import type { InputAnalysis } from './input-analysis.js';
import { SEAL } from './result-files.js';

/** What {@link writeResults} needs besides the analysis. */
export interface ResultFacts {
  /** Hidden folder that becomes the input's. */
  readonly folder: string;
  readonly input: string;
  readonly info: FileInfo;
  readonly framesRead: number;
  readonly models: readonly ModelFacts[];
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** Files that were made besides the tables, for the report's list. */
  readonly extras: readonly string[];
}

/**
 * Writes everything of an input's folder that is made from the tables: timeline, report, references, summary.
 * @throws DeadpanError E_OUTPUT
 */
export async function writeResults(analysis: InputAnalysis, facts: ResultFacts): Promise<Summary> {
  const { folder, input, info, framesRead, models, settings, extras } = facts;
  const { record, picks, deadLetters } = analysis;
  const summary = summarize(
    {
      input,
      kind: info.kind,
      width: info.width,
      height: info.height,
      duration: info.durationUs === null ? null : info.durationUs / 1e6,
      framesRead,
    },
    record,
  );
  const timeline = timelineSvg(record.tracks, { duration: summary.duration });
  await writeWhole(join(folder, 'timeline.svg'), timeline);

  const references = new Map<string, readonly ReferencePicture[]>();
  if (picks.size > 0) {
    const { referencePictures, referencesSheet } = await import('../report/references-sheet.js');
    await mkdir(join(folder, 'references'), { recursive: true });
    for (const [track, ofTrack] of picks) {
      const shown = ofTrack.shown();
      references.set(track, await referencePictures(shown));
      await writeWhole(join(folder, 'references', `track-${track}.png`), await referencesSheet(track, shown));
    }
  }
  if (deadLetters.length > 0) {
    const lines = deadLetters.map((letter) => `${JSON.stringify(letter)}\n`);
    await writeWhole(join(folder, 'dead-letters.ndjson'), lines.join(''));
  }
  const files = ['faces.csv', 'emotions.csv', 'timeline.svg', ...extras, 'summary.json'];
  const putAside = deadLetters.length;
  const report = reportHtml({ summary, timeline, version, models, settings, references, files, putAside });
  await writeWhole(join(folder, 'report.html'), report);
  await writeWhole(join(folder, SEAL), summaryJson(summary));
  return summary;
}
