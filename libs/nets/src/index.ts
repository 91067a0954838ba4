export * from './face-api/index.js';
export * from './onnx/index.js';
export * from './sessions/index.js';
export * from './network/network.js';
export * from './network/network-builder.js';
export * from './network/parameters.js';
export * from './recognition/residual-trunk.js';
export * from './fer/fer-network.js';
