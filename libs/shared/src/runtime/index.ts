export * from './batches.js';
export * from './drop-reason.js';
export * from './outcome.js';
export * from './runner.js';
export * from './stage-observer.js';
export * from './stage.js';
