import { readFileSync } from 'node:fs';

/** A metric as the reference shows it. */
export interface ReferenceMetric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
}

/** The rows of docs/reference/metrics.md that are metrics. */
export function referenceMetrics(): ReferenceMetric[] {
  const page = readFileSync(new URL('../../../docs/reference/metrics.md', import.meta.url), 'utf8');
  return [...page.matchAll(/^\| `(deadpan_\w+)` +\| (counter|gauge|histogram) /gm)].map(
    ([, name = '', type]) => ({ name, type: type as ReferenceMetric['type'] }),
  );
}
