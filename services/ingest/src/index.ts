export { bundledFfmpeg, findFfmpeg, type Ffmpeg } from './ffmpeg.js';
export {
  openFile,
  type FileInfo,
  type FileOptions,
  type FilePosition,
  type FileSource,
} from './file-source.js';
export { RISING_TIMES } from './file-command.js';
export { fileLength, type FileLength } from './file-probe.js';
export { ingestConfig, type IngestConfig } from './config.js';
export { expandInputs, MEDIA_EXTENSIONS, type ExpandedInput, type ExpandedInputs } from './expand-inputs.js';
export {
  CAMERA_TIMING,
  createCamera,
  type Camera,
  type CameraCounts,
  type CameraDropReason,
  type CameraOptions,
  type CameraTiming,
} from './camera.js';
export { cameraAddress, type CameraAddress } from './camera-address.js';
export { createRedactor, type Redact } from './redact.js';
export { probeCamera, type CameraProbeResult } from './camera-probe.js';
