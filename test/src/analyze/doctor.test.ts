import assert from 'node:assert/strict';
import { test } from 'node:test';

import { deadpan } from './command-line.js';

interface Finding {
  readonly part: string;
  readonly says: string;
  readonly state: string;
}

test('doctor says what is here, what auto is, and how CUDA comes where it is not', async () => {
  const { code, stdout, stderr } = await deadpan(['doctor', '--json']);
  assert.equal(code, 0, stdout);
  assert.equal(stderr, '');
  const findings = new Map((JSON.parse(stdout) as Finding[]).map((finding) => [finding.part, finding]));
  for (const part of ['deadpan', 'machine', 'ffmpeg', 'onnxruntime', 'model fer', 'model hng'])
    assert.equal(findings.get(part)?.state, 'ok', part);
  const [, auto] =
    /^loads; device auto is (cpu|cuda) here$/.exec(findings.get('onnxruntime')?.says ?? '') ?? [];
  assert.ok(auto !== undefined);
  for (const part of ['cuda', 'webgpu']) assert.match(findings.get(part)?.state ?? '', /^(ok|optional)$/);
  if (auto === 'cuda') return;
  assert.equal(findings.get('cuda')?.state, 'optional');
  assert.match(
    findings.get('cuda')?.says ?? '',
    /npm rebuild onnxruntime-node .*cuda12.*\(E_ENGINE_MISSING\)$/,
  );
});
