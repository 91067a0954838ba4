// Compiles assembly/ into dist/kernels.wasm, which src/kernels.ts loads; not again where nothing changed since.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const changed = (path) => statSync(path).mtimeMs;

const output = here('dist/kernels.wasm');
const sources = readdirSync(here('assembly')).map((name) => here(`assembly/${name}`));
const newest = Math.max(...[...sources, here('build.mjs'), here('package.json')].map(changed));

if (!existsSync(output) || changed(output) < newest) {
  const { default: asc } = await import('assemblyscript/asc');
  const files = ['patch.ts'].map((name) => here(`assembly/${name}`));
  const { error } = await asc.main(
    [...files, '--outFile', output, '-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'],
    { stderr: process.stderr },
  );
  if (error) throw error;
}
