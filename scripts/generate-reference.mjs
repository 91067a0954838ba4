// Writes docs/reference/configuration.md and docs/reference/errors.md from the code that declares them.
// With --check it writes nothing, and ends with 1 where a file differs from what it would write.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { ERROR_CODES, describeOptions } from '@deadpan/shared';
import { format, resolveConfig } from 'prettier';

import { deadpanConfig } from '../apps/cli/dist/config.js';

const check = process.argv.includes('--check');
const pathOf = (name) => fileURLToPath(new URL(`../docs/reference/${name}`, import.meta.url));
const cell = (text) => String(text).replaceAll('|', '\\|');
const code = (text) => `\`${cell(text)}\``;

function configuration() {
  const rows = describeOptions(deadpanConfig).map(
    ({ path, variable, type, range, unit, help, ...option }) => {
      const fallback = option.default === undefined ? 'required' : code(JSON.stringify(option.default));
      const bounds = [type, range, unit && `in ${unit}`].filter(Boolean).join(', ');
      return `| ${code(path.join('.'))} | ${cell(bounds)} | ${fallback} | ${cell(help)} | ${code(variable)} |`;
    },
  );
  return `# Configuration

\`deadpan.yaml\` in the current folder (or the file that \`--config\` or \`DEADPAN_CONFIG\` names), then \`DEADPAN_*\` variables, then
flags; later ones win. Unknown names are refused, with the nearest known one. In the file, \`\${NAME}\` takes a variable's
value and \`file:PATH\` a file's content, so that secrets stay outside. \`deadpan config check\` says what is wrong,
\`deadpan config show\` prints what is in force.

| Option | Type | Default | | Variable |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function errors() {
  const rows = Object.entries(ERROR_CODES).map(
    ([name, { meaning, retryable, exitCode }]) =>
      `| ${code(name)} | ${cell(meaning)} | ${retryable ? 'yes' : 'no'} | ${exitCode} |`,
  );
  return `# Error codes

Every error that a user, a peer or the machine brought about is a sentence that ends with one of these codes.
"Again" says whether the same call may succeed later without anybody changing anything; "Exit" is the exit code of a
command that ends with it (an interrupted command ends with 130).

| Code | Meaning | Again | Exit |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

let stale = 0;
for (const [name, content] of [
  ['configuration.md', configuration()],
  ['errors.md', errors()],
]) {
  const path = pathOf(name);
  const formatted = await format(content, { ...(await resolveConfig(path)), filepath: path });
  if (existsSync(path) && readFileSync(path, 'utf8') === formatted) continue;
  if (check) {
    stale += 1;
    process.stderr.write(`docs/reference/${name} is stale: run node scripts/generate-reference.mjs\n`);
  } else {
    writeFileSync(path, formatted);
  }
}
process.exitCode = stale === 0 ? 0 : 1;
