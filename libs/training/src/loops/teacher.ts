import type { Tensor2D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { expressionTensor } from '../networks/expression-tensor.js';
import { runNetwork } from '../networks/run-network.js';
import { disposeVariables } from '../networks/variables.js';
import type { Model } from './hng-step.js';
import { referencesOf, stackFaces } from './references-of.js';

/** A frozen generator that shows another one what to make of faces that have no neutral partner. */
export interface Teacher {
  /** What should be made of faces; all: 64x64, grey levels 0..1. */
  answersTo(faces: readonly Float32Array[]): Float32Array[];
  dispose(): void;
}

/** The middle of a face, which the expression network reads: its side and where it begins, in pixels. */
const SEEN = 60;
const MARGIN = 2;

/**
 * A teacher reads its own output again until the expression network calls it neutral at least as surely as `share`, at most
 * `passes` times in all. A face that is neutral after one pass gets no second: each pass takes it a little further from the
 * person's true neutral face.
 */
export function createTeacher(generator: Model, expression: Model, passes: number, share: number): Teacher {
  const neutrality = (faces: readonly Float32Array[]): Float32Array =>
    tf.tidy(() => {
      const middle = stackFaces(faces).slice([0, MARGIN, MARGIN, 0], [faces.length, SEEN, SEEN, 1]);
      const { logits } = runNetwork(expression.network, expression.variables, expressionTensor(middle));
      return tf
        .softmax(logits as Tensor2D)
        .slice([0, 0], [faces.length, 1])
        .dataSync<'float32'>();
    });
  return {
    answersTo(faces) {
      const answers = referencesOf(generator, faces);
      for (let pass = 1; pass < passes; pass++) {
        const neutral = neutrality(answers);
        const rest = [...answers.keys()].filter((i) => (neutral[i] ?? 1) < share);
        if (rest.length === 0) break;
        const next = referencesOf(
          generator,
          rest.map((i) => answers[i] as Float32Array),
        );
        rest.forEach((i, row) => {
          answers[i] = next[row] as Float32Array;
        });
      }
      return answers;
    },
    dispose() {
      disposeVariables(generator.variables);
    },
  };
}
