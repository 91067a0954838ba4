import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fusedServices } from './service-names.js';

test('one service, or neighbours in the order of the line', () => {
  assert.deepEqual(fusedServices('align', undefined), ['align']);
  assert.deepEqual(fusedServices('ingest', 'ingest,align'), ['ingest', 'align']);
  assert.deepEqual(fusedServices(undefined, 'normalize, classify'), ['normalize', 'classify']);
});

test('everything else is refused with what would be right', () => {
  assert.throws(() => fusedServices(undefined, undefined), /Name a service/);
  assert.throws(() => fusedServices('aling', undefined), /no service "aling"/);
  assert.throws(() => fusedServices('feed', 'ingest,align'), /must include the service "feed"/);
  assert.throws(() => fusedServices(undefined, 'ingest,normalize'), /not neighbours/);
  assert.throws(() => fusedServices(undefined, 'align,ingest'), /not neighbours/);
});
