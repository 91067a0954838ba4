// Writes configuration.md, errors.md and metrics.md of docs/reference from the code that declares them.
// With --check it writes nothing, and ends with 1 where a file differs from what it would write.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { DROP_REASONS, ERROR_CODES, describeOptions } from '@deadpan/shared';
import { createKafkaMetrics } from '@deadpan/shared/kafka';
import { createStageMetrics } from '@deadpan/shared/telemetry';
import { format, resolveConfig } from 'prettier';
import { Registry } from 'prom-client';

import { deadpanConfig } from '../apps/cli/dist/config.js';
import { createFeedMetrics } from '../services/feed/dist/feed-metrics.js';

const check = process.argv.includes('--check');
const pathOf = (name) => fileURLToPath(new URL(`../docs/reference/${name}`, import.meta.url));
const cell = (text) => String(text).replaceAll('|', '\\|');
const code = (text) => `\`${cell(text)}\``;

function configuration() {
  const rows = describeOptions(deadpanConfig).map(
    ({ path, variable, type, range, unit, help, required, ...option }) => {
      const fallback = option.default === undefined ? '' : code(JSON.stringify(option.default));
      const bounds = [type, range, unit && `in ${unit}`].filter(Boolean).join(', ');
      return `| ${code(path.join('.'))} | ${cell(bounds)} | ${required ? 'required' : fallback} | ${cell(help)} | ${variable === undefined ? '' : code(variable)} |`;
    },
  );
  return `# Configuration

\`deadpan.yaml\` in the current folder (or the file that \`--config\` or \`DEADPAN_CONFIG\` names), then \`DEADPAN_*\` variables, then
flags; later ones win. Unknown names are refused, with the nearest known one. In the file, \`\${NAME}\` takes a variable's
value and \`file:PATH\` a file's content, so that secrets stay outside. A variable holds a list as YAML writes it:
\`DEADPAN_KAFKA_BROKERS='[one:9092, two:9092]'\`. \`cameras[].name\` is \`name\` of each item in the list \`cameras\`.
\`deadpan config check\` says what is wrong, \`deadpan config show\` prints what is in force.

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

/** The metrics that a function declares in a registry, one row each. */
function metricRows(declare) {
  const registry = new Registry();
  declare(registry);
  return registry
    .getMetricsAsArray()
    .map(({ name, type, labelNames, help }) => {
      const labels = labelNames.filter((label) => label !== 'le').map(code);
      return `| ${code(name)} | ${type} | ${labels.join(', ')} | ${cell(help)} |`;
    })
    .join('\n');
}

function metrics() {
  const head = '| Metric | Type | Labels | |\n| --- | --- | --- | --- |';
  const reasons = Object.entries(DROP_REASONS).map(([name, meaning]) => `| ${code(name)} | ${meaning} |`);
  return `# Metrics

Prometheus metrics at \`/metrics\` of \`deadpan live\`, and of each service.

## Grammar

\`\`\`
deadpan_<part>_<what>[_<unit>][_total]
\`\`\`

- \`<part>\` is who counts: \`stage\` (the line: ingest, align, normalize, classify, window), \`camera\`, \`feed\`, \`kafka\`.
- A counter ends with \`_total\` and only rises. One without labels starts at zero with its process; one with labels appears
  with its first count, which \`increase()\` does not see: of what is rare, ask for
  \`(NAME unless NAME offset 10m) or increase(NAME[10m])\`, as the rules in \`infra/prometheus\` do.
- A histogram, and a gauge that measures, end with what they are measured in: \`seconds\` or \`records\`, never a multiple.
- A gauge of how many there are is a noun in the plural; one that is 1 or 0 says what is so (\`streaming\`).
- A label has the same meaning everywhere: \`camera\` and \`stage\` by name, \`topic\` and \`partition\` as in Kafka, \`type\` of
  a message as in the feed, \`method\` and \`status\` of HTTP. \`reason\` says why something ended: of drops one of those
  below, of refusals an [error code](errors.md) or \`protocol\`. No label holds a track, an address or a client.
- A name is never changed within \`v1\`; new ones, and new values of \`reason\`, may come.

## The line

${head}
${metricRows(createStageMetrics)}

\`ingest\` takes in decoded frames and gives on those that are analysed. Of each camera received = emitted + dropped, but
for those on their way: what came since the last frame that was picked, and the one that waits. The other stages count each record that they take in as dropped, put aside, or as what they
gave on for it: one \`align\` record for each face, or one without a face.

| Reason of a drop | What ends here |
| --- | --- |
${reasons.join('\n')}

## Cameras and the feed

Where the feed is: \`deadpan live\`, \`deadpan service feed\`.

${head}
${metricRows((registry) => createFeedMetrics(registry, { clients: () => 0, statuses: () => [] }))}

## Kafka

In services that read or write topics.

${head}
${metricRows(createKafkaMetrics)}

## The process

Besides, those of [prom-client](https://github.com/siimon/prom-client): \`process_*\` (processor time, memory, descriptors)
and \`nodejs_*\` (event loop delay as \`nodejs_eventloop_lag_*_seconds\`, garbage collection, heap).
`;
}

let stale = 0;
for (const [name, content] of [
  ['configuration.md', configuration()],
  ['errors.md', errors()],
  ['metrics.md', metrics()],
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
