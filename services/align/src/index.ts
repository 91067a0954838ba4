export * from './align-stage.js';
export * from './align.js';
export * from './config.js';
