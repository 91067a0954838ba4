import { apportioned, CLASSES, rounded, type Emotion, type ExpressionClass } from '@deadpan/shared';

import { cellNumber, numberCell, openTable, readTable, type Table, type TableLayout } from './csv-table.js';
import { classOf } from './faces-table.js';

/** A row of `emotions.csv`: a sliding window of a track, rounded as it is written. */
export interface EmotionRow {
  readonly track: string;
  /** Seconds of the media, to the millisecond: [start, end). */
  readonly start: number;
  readonly end: number;
  /** Frames of the window in which the track was seen, and analysed ones within its life in which it was not. */
  readonly frames: number;
  readonly missed: number;
  readonly expression: ExpressionClass;
  /** Means in the order of CLASSES, four decimals, summing to 1. */
  readonly probabilities: readonly number[];
  /** 0..1, four decimals. */
  readonly intensity: number;
}

/** The columns of `emotions.csv`. */
export const EMOTION_COLUMNS = [
  ...['track', 'start', 'end', 'frames', 'missed', 'expression', ...CLASSES, 'intensity'],
] as const;

const layout: TableLayout<EmotionRow> = {
  columns: EMOTION_COLUMNS,
  cells: (row) => [
    row.track,
    numberCell(row.start, 3),
    numberCell(row.end, 3),
    String(row.frames),
    String(row.missed),
    row.expression,
    ...row.probabilities.map((value) => numberCell(value, 4)),
    numberCell(row.intensity, 4),
  ],
};

/** The row of a window. */
export function emotionRow(emotion: Emotion): EmotionRow {
  return {
    track: emotion.track,
    start: rounded(emotion.startUs / 1e6, 3) + 0,
    end: rounded(emotion.endUs / 1e6, 3) + 0,
    frames: emotion.frames,
    missed: emotion.missed,
    expression: emotion.expression,
    probabilities: apportioned(emotion.probabilities),
    intensity: rounded(emotion.intensity, 4) + 0,
  };
}

/** Opens `emotions.csv` for writing; `bytes` as {@link openTable} has it. */
export function openEmotionsTable(path: string, bytes?: number): Promise<Table<EmotionRow>> {
  return openTable(path, layout, bytes);
}

/**
 * Reads `emotions.csv` back.
 *
 * @throws DeadpanError `E_RECORD_INVALID` when it is not such a table, `E_INPUT_MISSING` when it cannot be read.
 */
export async function* readEmotionsTable(path: string): AsyncGenerator<EmotionRow> {
  for await (const cells of readTable(path, EMOTION_COLUMNS)) {
    yield {
      track: cells['track'] ?? '',
      start: cellNumber(cells['start']),
      end: cellNumber(cells['end']),
      frames: cellNumber(cells['frames']),
      missed: cellNumber(cells['missed']),
      expression: classOf(cells['expression'], path),
      probabilities: CLASSES.map((name) => cellNumber(cells[name])),
      intensity: cellNumber(cells['intensity']),
    };
  }
}
