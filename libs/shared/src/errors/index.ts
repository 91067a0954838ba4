export * from './codes.js';
export * from './deadpan-error.js';
