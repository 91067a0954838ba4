export * from './detection.js';
export * from './landmark-net.js';
export * from './ssd-detector.js';
export * from './tiny-detector.js';
export * from './weights.js';
