import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test, type TestContext } from 'node:test';
import { DeadpanError } from '@deadpan/shared';
import { readRecipe } from './recipe.js';

const folder = fileURLToPath(new URL('../../../recipes/', import.meta.url));

test('every recipe that is shipped is valid and named as its file', async () => {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml'));
  assert.ok(files.length >= 6);
  for (const file of files) assert.equal(`${(await readRecipe(folder + file)).name}.yaml`, file);
});

/** A shipped recipe with some of its text changed, as it is refused. */
async function refusal(t: TestContext, name: string, from: string, to: string): Promise<string> {
  const own = await mkdtemp(join(tmpdir(), 'deadpan-recipe-'));
  t.after(() => rm(own, { recursive: true }));
  const shipped = await readFile(`${folder}${name}.yaml`, 'utf8');
  assert.ok(shipped.includes(from));
  await writeFile(join(own, 'own.yaml'), shipped.replace(from, to));
  const refused = await readRecipe(join(own, 'own.yaml')).catch((error: unknown) => error);
  assert.ok(refused instanceof DeadpanError && refused.code === 'E_CONFIG', String(refused));
  assert.match(refused.message, /own\.yaml/);
  return refused.message;
}

test('what a run would only break on is refused before it, by the key', async (t) => {
  const network = ['fer-softmax-1', 'network: residual-96', 'network: residual-40'] as const;
  assert.match(await refusal(t, ...network), /at network/);
  // Nothing of the recognition trunk fits there: the run would begin at random and not say so.
  const start = ['fer-inception', 'start: random', 'start: recognition'] as const;
  assert.match(await refusal(t, ...start), /residual-N[^]*at start/);
  const feature = ['hng-skip-3', 'featureLayer: conv64_3/relu', 'featureLayer: conv64_9/relu'] as const;
  assert.match(await refusal(t, ...feature), /conv64_3\/relu[^]*at featureLayer/);
  const identity = ['hng-skip-3', 'identityLayers: [conv128_2/relu', 'identityLayers: [conv128'] as const;
  assert.match(await refusal(t, ...identity), /at identityLayers\[0\]/);
  const mix = [
    'hng-skip-1',
    'pairs: 18, loosePairs: 0, neutral: 6',
    'pairs: 0, loosePairs: 0, neutral: 0',
  ] as const;
  assert.match(await refusal(t, ...mix), /at mix/);
});

test('a recipe that is no YAML is refused with the place', async (t) => {
  const message = await refusal(t, 'fer-softmax-1', 'batch: 64', 'batch: [64');
  assert.match(message, /not valid YAML: .* line \d+/);
});

test('a recipe that is not there is named', async () => {
  await assert.rejects(readRecipe('nowhere.yaml'), { code: 'E_INPUT_MISSING', message: /nowhere\.yaml/ });
});
