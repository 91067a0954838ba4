import { readFolderRecord, RECORD_FILE } from './folder-record.js';

/**
 * The files of one input's folder, in the order in which they appear: the first one says whose folder it is, the last
 * one that all are there.
 */
const RESULT_FILES = [
  RECORD_FILE,
  'faces.csv',
  'emotions.csv',
  'timeline.svg',
  'report.html',
  'annotated.mp4',
  'references',
  'py-feat.csv',
  'openface.csv',
  'dead-letters.ndjson',
  'summary.json',
] as const;

/** The file that is written last. */
export const SEAL = 'summary.json';

/** What of an input's folder is Deadpan's; everything else in it stays as it is. */
export const RESULTS = {
  names: RESULT_FILES,
  inFolders: /^track-.*\.png$/,
  seal: SEAL,
  isOwn: async (folder: string): Promise<boolean> => (await readFolderRecord(folder)) !== null,
} as const;
