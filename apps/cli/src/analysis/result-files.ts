/** The files of one input's folder, in the order in which they are made; the last one says that all are there. */
export const RESULT_FILES = [
  'faces.csv',
  'emotions.csv',
  'timeline.svg',
  'report.html',
  'annotated.mp4',
  'references',
  'py-feat.csv',
  'openface.csv',
  'dead-letters.ndjson',
  'record.json',
  'summary.json',
] as const;

/** The file that is written last. */
export const SEAL = 'summary.json';
