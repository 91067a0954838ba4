// Bundles the page into dist/public, which the feed serves: one script, one style sheet, no inline code.
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

rmSync(here('dist/public'), { recursive: true, force: true });
mkdirSync(here('dist/public'), { recursive: true });
await build({
  entryPoints: { page: here('src/page/main.ts'), style: here('src/page/style.css') },
  outdir: here('dist/public'),
  bundle: true,
  format: 'esm',
  target: ['chrome120', 'firefox120', 'safari17'],
  minify: true,
  legalComments: 'linked',
  logLevel: 'warning',
});
for (const file of ['index.html', 'icon.svg']) cpSync(here(`src/page/${file}`), here(`dist/public/${file}`));
