export { autoDevice } from './auto-device.js';
export * from './engine.js';
export * from './inference-pool.js';
export * from './reused-floats.js';
export * from './session.js';
export * from './task.js';
