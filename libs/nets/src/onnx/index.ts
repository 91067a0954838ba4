export * from './graph.js';
export * from './operators.js';
