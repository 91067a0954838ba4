import {
  metricLosses,
  metricLossNames,
  type MetricLoss,
  type MetricLossName,
} from '../loops/metric-losses.js';

/** The methods that can be compared: softmax alone, or with a metric loss beside it; RML also as it is printed. */
export const methodNames = ['softmax', ...metricLossNames, 'radial-printed'] as const;

/** One of {@link methodNames}. */
export type MethodName = (typeof methodNames)[number];

// The signs of Eq. 13-14 as the paper prints them, whatever an experiment asks for.
const radialPrinted: MetricLoss = {
  ...metricLosses.radial,
  title: 'RML, learnt T, references, printed signs',
  loss: (batch, options, metric) => metricLosses.radial.loss(batch, { ...options, signs: 'printed' }, metric),
};

/** The metric loss of a method; undefined for softmax alone. */
export function metricLossOf(method: MethodName): MetricLoss | undefined {
  if (method === 'softmax') return undefined;
  return method === 'radial-printed' ? radialPrinted : metricLosses[method satisfies MetricLossName];
}

/** What a reader calls a method. */
export function methodTitle(method: MethodName): string {
  const metric = metricLossOf(method);
  return metric === undefined ? 'Softmax alone' : metric.title;
}
