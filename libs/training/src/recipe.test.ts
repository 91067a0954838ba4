import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { readRecipe } from './recipe.js';

const folder = fileURLToPath(new URL('../../../recipes/', import.meta.url));

test('every recipe that is shipped is valid and named as its file', async () => {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml'));
  assert.ok(files.length >= 6);
  for (const file of files) assert.equal(`${(await readRecipe(folder + file)).name}.yaml`, file);
});

test('a recipe that is not there is named', async () => {
  await assert.rejects(readRecipe('nowhere.yaml'), { code: 'E_INPUT_MISSING', message: /nowhere\.yaml/ });
});
