export { createNormalizeStage } from './normalize-stage.js';
export { referenceTask } from './reference-task.js';
