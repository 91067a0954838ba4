export * from './logger.js';
export * from './stage-metrics.js';
