import assert from 'node:assert/strict';
import { test } from 'node:test';

import { measureProcess } from './process-cost.js';

/** Holds some memory and burns some CPU, in this process and in a child of it. */
const BUSY = `
const { spawnSync } = require('node:child_process');
const block = Buffer.alloc(150e6, 1);
const until = process.cpuUsage().user + 3e5;
while (process.cpuUsage().user < until);
if (process.argv[1] !== 'child') spawnSync(process.execPath, ['-e', process.env.BUSY, 'child']);
console.log(block.length);`;

test('time and memory of a process count with those of its children', async () => {
  const cost = await measureProcess([process.execPath, '-e', BUSY], { cwd: '.', env: { BUSY } });
  assert.equal(cost.stdout.trim(), '150000000');
  assert.ok(cost.cpuSeconds >= 0.6, `${cost.cpuSeconds} s`);
  assert.ok(cost.peakMemoryMB >= 300, `${cost.peakMemoryMB} MB`);
  assert.ok(cost.wallSeconds >= 0.6);
});

test('a program that fails says so with its last words', async () => {
  const fails = ['-e', 'console.error("no such clip"); process.exit(2)'] as const;
  await assert.rejects(
    measureProcess([process.execPath, ...fails], { cwd: '.' }),
    /exit code 2[^]*no such clip/,
  );
});
