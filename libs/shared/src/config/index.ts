export * from './hide-secrets.js';
export * from './load.js';
export * from './nearest.js';
export * from './options.js';
