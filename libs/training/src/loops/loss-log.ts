import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';

/** A CSV with a row of numbers per logged step; the columns are fixed by the first row. */
export interface LossLog {
  write(step: number, terms: Readonly<Record<string, number>>): void;
}

/**
 * Opens `file`. When a run is taken up again at `fromStep`, rows of later steps, written before it died, are dropped.
 */
export function openLossLog(file: string, fromStep: number): LossLog {
  let columns: string[] | undefined;
  if (existsSync(file)) {
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
