import {
  metricLosses,
  metricLossNames,
  type MetricLoss,
  type MetricLossName,
} from '../loops/metric-losses.js';

/** The methods that can be compared: softmax alone, or with a metric loss beside it. */
export const methodNames = ['softmax', ...metricLossNames] as const;

/** One of {@link methodNames}. */
export type MethodName = (typeof methodNames)[number];

/** The metric loss of a method; undefined for softmax alone. */
export function metricLossOf(method: MethodName): MetricLoss | undefined {
  return method === 'softmax' ? undefined : metricLosses[method satisfies MetricLossName];
}

/** What a reader calls a method. */
export function methodTitle(method: MethodName): string {
  const metric = metricLossOf(method);
  return metric === undefined ? 'Softmax alone' : metric.title;
}
