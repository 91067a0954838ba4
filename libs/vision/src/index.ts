export * from './box.js';
export * from './region.js';
