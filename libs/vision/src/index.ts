export * from './box.js';
export * from './region.js';
export * from './histogram-equalization.js';
export * from './plane-fit.js';
export * from './standardize.js';
