export * from './feed-messages.js';
export * from './public-messages.js';
export * from './to-message.js';
