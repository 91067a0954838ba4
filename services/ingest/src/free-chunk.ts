import { MessageChannel } from 'node:worker_threads';

/** A port whose other end is closed: what is handed over to it is gone. */
const nowhere = new MessageChannel().port1;
nowhere.close();

/**
 * Frees a chunk of a pipe at once; it is empty afterwards. Frames come at up to a gigabyte a second in chunks of 64 KiB,
 * and their memory, which lies outside the heap, made the collector go through the whole heap several times a second.
 */
export function freeChunk(chunk: Buffer): void {
  // A chunk that shares its memory with others is left to the collector.
  if (chunk.buffer.byteLength === chunk.byteLength) nowhere.postMessage(null, [chunk.buffer as ArrayBuffer]);
}
