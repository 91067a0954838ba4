import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './folders.js';

const BEGIN = '<!-- measured: npm run bench -- --write -->';
const END = '<!-- /measured -->';

/** Puts what was measured, with today's date, between the marks in bench/README.md. */
export function writeReadme(measured: string): void {
  const path = join(root, 'bench/README.md');
  const text = readFileSync(path, 'utf8');
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error('bench/README.md has lost the marks around its tables.');
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(
    path,
    `${text.slice(0, from)}${BEGIN}\n\nMeasured on ${date}: ${measured}\n\n${text.slice(to)}`,
  );
}
