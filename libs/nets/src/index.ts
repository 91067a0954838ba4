export * from './face-api/index.js';
export * from './onnx/index.js';
