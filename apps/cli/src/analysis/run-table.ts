import { join } from 'node:path';

import type { InputRecord } from './run-record.js';

/** Prints what became of every input, where its report is, and why it failed. */
export function printRunTable(records: readonly InputRecord[], out: string): void {
  const rows = records.map((record) => [
    record.state,
    record.input,
    `${record.frames}`,
    `${record.faces}`,
    `${record.tracks}`,
    record.state === 'done' && record.seconds > 0 ? (record.frames / record.seconds).toFixed(1) : '',
    [record.frames > 0 ? join(out, record.output, 'report.html') : null, record.reason]
      .filter((part) => part !== null)
      .join('  '),
  ]);
  const header = ['state', 'input', 'frames', 'faces', 'tracks', 'fps', 'report'];
  const widths = header.map((title, c) => Math.max(title.length, ...rows.map((row) => row[c]?.length ?? 0)));
  for (const row of [header, ...rows]) {
    process.stdout.write(
      `${row
        .map((cell, c) => cell.padEnd(widths[c] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  }
}
