export { createClassifyStage } from './classify-stage.js';
export { createSlidingWindows, type SlidingWindows, type WindowsState } from './sliding-windows.js';
export { windowConfig, type WindowConfig } from './window-config.js';
export { createWindowStage, type CameraLeft, type LiveWindows } from './window-stage.js';
