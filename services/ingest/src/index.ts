export { bundledFfmpeg, findFfmpeg, type Ffmpeg } from './ffmpeg.js';
export { openFile, type FileInfo, type FileOptions, type FileSource } from './file-source.js';
export { ingestConfig, type IngestConfig } from './config.js';
export { expandInputs, MEDIA_EXTENSIONS, type ExpandedInput, type ExpandedInputs } from './expand-inputs.js';
