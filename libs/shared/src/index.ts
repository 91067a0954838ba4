export * from './config/index.js';
export * from './contracts/index.js';
export * from './errors/index.js';
export * from './links/index.js';
export * from './messages/index.js';
export * from './runtime/index.js';
export * from './codecs/index.js';
export type { Logger, LoggerOptions } from './telemetry/logger.js';
