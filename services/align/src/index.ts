export * from './align-stage.js';
export { alignTask } from './align-task.js';
export * from './align.js';
export * from './config.js';
