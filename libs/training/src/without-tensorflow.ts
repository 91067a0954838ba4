/* What needs no TensorFlow: labels, pictures and metrics, for programs that only run models. */
export * from './datasets/label-table.js';
export * from './datasets/read-image.js';
export * from './datasets/split-subjects.js';
export * from './metrics/calibration.js';
export * from './metrics/classification.js';
