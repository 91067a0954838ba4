import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { DeadpanError } from '@deadpan/shared';
import { parse } from 'csv-parse';
import { stringify } from 'csv-stringify/sync';

import { writing } from './output-error.js';

/** What a table holds: its columns, and the cells of a row in their order. An empty cell means missing. */
export interface TableLayout<Row> {
  readonly columns: readonly string[];
  cells(row: Row): readonly string[];
}

/** A CSV file that grows row by row. */
export interface Table<Row> {
  /** Adds a row. Resolves once there is room for the next: await it, and a slow disk slows the writer. */
  write(row: Row): Promise<void>;
  /** Brings all rows to the disk. @returns the file's size in bytes, at which {@link openTable} can go on. */
  checkpoint(): Promise<number>;
  /** Writes what is left and closes the file. Safe to call twice. */
  close(): Promise<void>;
}

/** Rows that are turned into text at a time: few enough for memory, enough for speed. */
const ROWS_AT_A_TIME = 256;

/**
 * Opens a CSV file (RFC 4180, UTF-8, lines end in `\n`) for writing: a new one, or, with `bytes` of a checkpoint, one
 * that goes on after that many bytes and forgets what came later.
 *
 * @throws DeadpanError `E_OUTPUT`, here and from every method, for what the file system refuses.
 */
export async function openTable<Row>(path: string, layout: TableLayout<Row>, bytes = 0): Promise<Table<Row>> {
  const file = await writing(path, () => open(path, bytes === 0 ? 'w' : 'r+'));
  if (bytes > 0) {
    if ((await file.stat()).size < bytes) {
      await file.close();
      throw new DeadpanError('E_OUTPUT', `${path} is shorter than its checkpoint says.`, {
        advice: 'Analyse the input anew with --force.',
      });
    }
    await writing(path, () => file.truncate(bytes));
  }
  let size = bytes;
  let rows: (readonly string[])[] = bytes === 0 ? [layout.columns] : [];
  let turn: Promise<void> = Promise.resolve();
  let closed = false;

  function drain(): Promise<void> {
    const text = Buffer.from(stringify(rows));
    rows = [];
    turn = turn.then(() =>
      writing(path, async () => {
        for (let done = 0; done < text.length;) {
          const { bytesWritten } = await file.write(text, done, text.length - done, size);
          done += bytesWritten;
          size += bytesWritten;
        }
      }),
    );
    return turn;
  }

  return {
    async write(row) {
      rows.push(layout.cells(row));
      if (rows.length >= ROWS_AT_A_TIME) await drain();
    },
    async checkpoint() {
      await drain();
      await writing(path, () => file.datasync());
      return size;
    },
    async close() {
      if (closed) return;
      closed = true;
      try {
        await drain();
      } finally {
        await file.close();
      }
    },
  };
}

/**
 * Reads a CSV file row by row, as cells by column.
 *
 * @throws DeadpanError `E_RECORD_INVALID` when it does not have exactly these columns or is not CSV,
 * `E_INPUT_MISSING` when it cannot be read.
 */
export async function* readTable(
  path: string,
  columns: readonly string[],
): AsyncGenerator<Readonly<Record<string, string>>> {
  const file = createReadStream(path);
  const parser = file.pipe(parse({ bom: true, relax_column_count: false }));
  file.on('error', (error) => parser.destroy(error));
  let header = false;
  try {
    for await (const cells of parser as AsyncIterable<string[]>) {
      if (!header) {
        if (cells.join() !== columns.join()) {
          throw new DeadpanError('E_RECORD_INVALID', `${path} does not have the columns ${columns.join()}.`);
        }
        header = true;
      } else {
        yield Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? '']));
      }
    }
  } catch (cause) {
    if (cause instanceof DeadpanError) throw cause;
    const code = cause instanceof Error && 'syscall' in cause ? 'E_INPUT_MISSING' : 'E_RECORD_INVALID';
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DeadpanError(code, `${path} cannot be read: ${reason}.`, { cause });
  } finally {
    file.destroy();
  }
  if (!header) throw new DeadpanError('E_RECORD_INVALID', `${path} is empty: it lacks even its header.`);
}

/** A number's cell with a fixed number of decimals; empty for what is no number. */
export function numberCell(value: number, decimals: number): string {
  // Adding 0 turns -0, which rounding makes of small negative numbers, into 0.
  return Number.isFinite(value) ? (value + 0).toFixed(decimals) : '';
}

/** The number in a cell; NaN for an empty one. */
export function cellNumber(cell: string | undefined): number {
  return cell === undefined || cell === '' ? NaN : Number(cell);
}
