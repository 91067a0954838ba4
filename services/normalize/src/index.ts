export { createNormalizeStage } from './normalize-stage.js';
