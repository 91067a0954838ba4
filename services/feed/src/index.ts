export * from './camera-registry.js';
export * from './config.js';
export * from './feed-server.js';
export * from './feed-stage.js';
export * from './picture-store.js';
