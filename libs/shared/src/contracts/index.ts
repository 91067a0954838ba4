export * from './camera-status.js';
export * from './classes.js';
export * from './emotion.js';
export * from './expression.js';
export * from './face.js';
export * from './frame.js';
