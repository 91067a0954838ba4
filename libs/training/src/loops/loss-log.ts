import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tf } from '../backend.js';

/** A row of numbers per logged step, in `losses.csv` and for TensorBoard; the columns are fixed by the first row. */
export interface LossLog {
  /** NaN for what was not measured at this step. */
  write(step: number, terms: Readonly<Record<string, number>>): void;
  /** Brings what TensorFlow holds back to the disk. */
  flush(): void;
}

/** The terms of the steps since the last row, which a run that is taken up again goes on from. */
export interface SummedTerms {
  readonly sums: Record<string, number>;
  /** How many steps they are of. */
  readonly summed: number;
}

/** What a run begins with. */
export const nothingSummed = (): SummedTerms => ({ sums: {}, summed: 0 });

/**
 * Opens the log in `folder`. When a run is taken up again at `fromStep`, rows of later steps, written before it died, are
 * dropped from `losses.csv`; TensorBoard gets an event file more, with the same numbers for these steps again. One that
 * begins at 0 has nothing to do with what lies there, which may be another recipe's.
 */
export function openLossLog(folder: string, fromStep: number): LossLog {
  const file = join(folder, 'losses.csv');
  let columns: string[] | undefined;
  if (fromStep === 0) {
    for (const name of readdirSync(folder)) if (EVENTS.test(name)) rmSync(join(folder, name));
  } else if (existsSync(file)) {
    const [head = '', ...rows] = readFileSync(file, 'utf8').trimEnd().split('\n');
    columns = head.split(',').slice(1);
    const kept = rows.filter((row) => Number(row.slice(0, row.indexOf(','))) <= fromStep);
    writeFileSync(file, [head, ...kept, ''].join('\n'));
  }
  let events: ReturnType<typeof tf.node.summaryFileWriter> | undefined;
  return {
    write(step, terms) {
      if (!columns) {
        columns = Object.keys(terms);
        writeFileSync(file, `step,${columns.join(',')}\n`);
      }
      appendFileSync(file, `${[step, ...columns.map((name) => terms[name] ?? '')].join(',')}\n`);
      events ??= tf.node.summaryFileWriter(folder);
      for (const [name, value] of Object.entries(terms)) {
        if (Number.isFinite(value)) events.scalar(name, value, step);
      }
    },
    flush() {
      events?.flush();
    },
  };
}

/** The names that TensorFlow gives its event files. */
const EVENTS = /^events\.out\.tfevents\./;
