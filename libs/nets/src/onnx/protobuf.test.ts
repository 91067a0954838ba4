import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMessage, floatField, intField, messageField, textField, varint } from './protobuf.js';

test('the examples of the protobuf documentation', () => {
  // Source: protobuf.dev, "Encoding": Test1 { a = 150 }, Test2 { b = "testing" }, Test3 { c = Test1 }.
  assert.deepEqual([...encodeMessage(intField(1, 150))], [0x08, 0x96, 0x01]);
  assert.deepEqual([...encodeMessage(textField(2, 'testing'))], [0x12, 0x07, ...Buffer.from('testing')]);
  assert.deepEqual([...encodeMessage(messageField(3, intField(1, 150)))], [0x1a, 0x03, 0x08, 0x96, 0x01]);
});

test('negative numbers take ten bytes', () => {
  assert.deepEqual([...varint(-2)], [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
});

test('floats are little-endian', () => {
  assert.deepEqual([...encodeMessage(floatField(2, 1))], [0x15, 0x00, 0x00, 0x80, 0x3f]);
});
