import { readFileSync } from 'node:fs';

/** What `assembly/` compiles to; its sources say what the functions do with the memory. */
interface Kernels {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  samplePatch(
    origin: number,
    stride: number,
    width: number,
    height: number,
    a: number,
    b: number,
    tx: number,
    ty: number,
    size: number,
    samples: number,
    channels: number,
    black: boolean,
    planes: number,
  ): void;
}

// Neither Node's types nor ECMAScript's have it, and the browser's bring much else that is not there.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

const PAGE = 65_536;

/** Functions on whole numbers and vectors, compiled ahead: several times as fast as JavaScript on pixels. */
export const kernels = new WebAssembly.Instance(
  new WebAssembly.Module(readFileSync(new URL('./kernels.wasm', import.meta.url))),
).exports as Kernels;

/** The first bytes of the memory are the kernels' own. */
export const KERNEL_SCRATCH = 160;

/** The next address for floats. */
export const alignFloats = (address: number): number => Math.ceil(address / 4) * 4;

/** The memory of the kernels, grown to hold `bytes`; it holds nothing from call to call. */
export function kernelMemory(bytes: number): ArrayBuffer {
  const { memory } = kernels;
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  return memory.buffer;
}
