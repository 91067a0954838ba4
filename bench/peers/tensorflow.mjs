// Imported before a peer. Node 23 took away two functions that @tensorflow/tfjs-node calls.
import util from 'node:util';

process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;
