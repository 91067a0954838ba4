export * from './described-face.js';
export * from './face-detector.js';
export * from './face-networks.js';
export * from './face-quality.js';
export * from './face-region.js';
export * from './face-verifier.js';
export * from './landmarker.js';
export * from './still-faces.js';
