export { createAlignStage, type AlignFrame } from './align-stage.js';
