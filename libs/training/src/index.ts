export * from './backend.js';
export * from './random.js';
export * from './datasets/face-cache.js';
export * from './datasets/augment-face.js';
export * from './networks/variables.js';
export * from './networks/run-network.js';
export * from './loops/adam.js';
