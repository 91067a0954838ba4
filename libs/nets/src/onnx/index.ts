export * from './graph.js';
export * from './operators.js';
export * from './read-model.js';
