export * from './emotion-codec.js';
export * from './expression-codec.js';
export * from './face-codec.js';
export * from './face-id.js';
export * from './face-pair-codec.js';
export * from './frame-codec.js';
export * from './record-codec.js';
export * from './status-codec.js';
