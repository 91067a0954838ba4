/* What runs in the workers of a pool. The index has more to load: schemas, and networks that are to be built or trained. */
export { LANDMARK_INPUT_SIZE, type Detection } from './face-api/index.js';
export type { FerArtifact } from './artifact/artifact.js';
export * from './faces/index.js';
export * from './fer/intensity.js';
export * from './sessions/reused-floats.js';
export * from './sessions/session.js';
export * from './sessions/task.js';
