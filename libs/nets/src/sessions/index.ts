export * from './engine.js';
export * from './inference-pool.js';
export * from './session.js';
export * from './task.js';
