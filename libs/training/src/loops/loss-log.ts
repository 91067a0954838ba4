import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';

/** A CSV with a row of numbers per logged step; the columns are fixed by the first row. */
export interface LossLog {
  write(step: number, terms: Readonly<Record<string, number>>): void;
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
 * Opens `file`. When a run is taken up again at `fromStep`, rows of later steps, written before it died, are dropped; one
 * that begins at 0 has nothing to do with what lies there, which may be another recipe's.
 */
export function openLossLog(file: string, fromStep: number): LossLog {
  let columns: string[] | undefined;
  if (fromStep > 0 && existsSync(file)) {
    const [head = '', ...rows] = readFileSync(file, 'utf8').trimEnd().split('\n');
    columns = head.split(',').slice(1);
    const kept = rows.filter((row) => Number(row.slice(0, row.indexOf(','))) <= fromStep);
    writeFileSync(file, [head, ...kept, ''].join('\n'));
  }
  return {
    write(step, terms) {
      if (!columns) {
        columns = Object.keys(terms);
        writeFileSync(file, `step,${columns.join(',')}\n`);
      }
      appendFileSync(file, `${[step, ...columns.map((name) => terms[name] ?? '')].join(',')}\n`);
    },
  };
}
