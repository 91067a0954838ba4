export * from './apportionment.js';
export * from './feed-messages.js';
export * from './from-message.js';
export * from './public-messages.js';
export * from './to-message.js';
