import {
  inceptionFerNetwork,
  inceptionSmall,
  inceptionStd,
  residualFerNetwork,
  type Network,
} from '@deadpan/nets';

/**
 * The expression network that a recipe names.
 * @param name `residual-N`, `inception-std` or `inception-small`
 */
export function ferNetworkNamed(name: string): Network {
  if (name === 'inception-std') return inceptionFerNetwork(inceptionStd);
  if (name === 'inception-small') return inceptionFerNetwork(inceptionSmall);
  const size = /^residual-(\d+)$/.exec(name)?.[1];
  if (size === undefined) throw new Error(`no expression network is called ${name}`);
  return residualFerNetwork(Number(size));
}

/** Layers that only the metric branch trains; the softmax's gradient never reaches them. */
const METRIC_ONLY = ['fc3', 'p1', 'p2', 'fc5'];

/** The layer that a parameter belongs to; layers' own names have slashes. */
export function layerOf(parameter: string): string {
  return parameter.slice(0, parameter.lastIndexOf('/'));
}

/** Whether only the metric branch trains a parameter. */
export function isMetricOnly(parameter: string): boolean {
  return METRIC_ONLY.includes(layerOf(parameter));
}
