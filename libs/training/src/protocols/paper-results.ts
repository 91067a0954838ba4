import type { MethodName } from '../experiments/method.js';
import type { ProtocolName } from './protocol.js';

/** What the paper prints (Liu, Kumar, Jia, You, Pattern Recognition 88, 2019), to stand beside what is measured. */
export interface PaperRow {
  readonly name: string;
  /** Accuracy in per cent by set. */
  readonly accuracy: Partial<Record<ProtocolName, number>>;
  /** Our method that stands for it, where one does. */
  readonly method?: MethodName;
}

/** Tables 3, 4 and 6. */
export const paperAccuracies: readonly PaperRow[] = [
  {
    name: 'IDFERM (the paper)',
    accuracy: { ckplus: 98.35, ckplus8: 97.76, mmi: 81.13, oulu: 88.25 },
    method: 'radial',
  },
  { name: 'Data augmentation [7]', accuracy: { ckplus: 97.49, mmi: 80.26 }, method: 'nm-tuplet-augmented' },
  { name: '2B(N+M) softmax [6]', accuracy: { ckplus: 97.1, mmi: 78.53 }, method: 'nm-tuplet' },
  { name: 'FN2EN [5]', accuracy: { ckplus8: 96.8, oulu: 87.1 } },
  { name: 'IACNN [11]', accuracy: { ckplus: 95.37, mmi: 71.55 } },
  { name: 'DTAGN (video) [10]', accuracy: { ckplus: 97.25, mmi: 70.2, oulu: 81.46 } },
  { name: 'STM-ExpLet (video) [9]', accuracy: { ckplus: 94.19, mmi: 75.12, oulu: 74.59 } },
  { name: 'CDMML (video) [45]', accuracy: { ckplus: 96.6 } },
  { name: 'CER (video) [44]', accuracy: { ckplus: 92.34, mmi: 70.12 } },
  { name: 'STM [43]', accuracy: { ckplus: 96.3 } },
  { name: 'IBCNN [4]', accuracy: { ckplus: 95.1 } },
  { name: 'BNBN [42]', accuracy: { ckplus: 96.7 } },
  { name: 'MSR [13]', accuracy: { ckplus: 91.4 } },
  { name: 'CNN + AD [47]', accuracy: { ckplus8: 96.4 } },
  { name: 'AUDB [46]', accuracy: { ckplus8: 93.7 } },
  { name: 'PPDN [48]', accuracy: { oulu: 84.59 } },
];

/** Table 2: minutes of metric learning on a Titan X. */
export const paperMinutes: readonly {
  readonly name: string;
  readonly method: MethodName;
  readonly minutes: Partial<Record<ProtocolName, number>>;
}[] = [
  { name: 'Triplet loss', method: 'triplet', minutes: { ckplus: 324, mmi: 194 } },
  { name: '2B(N+M) softmax [6]', method: 'nm-tuplet', minutes: { ckplus: 107, mmi: 54 } },
  { name: 'Data augmentation [7]', method: 'nm-tuplet-augmented', minutes: { ckplus: 191, mmi: 128 } },
  { name: 'IDFERM (the paper)', method: 'radial', minutes: { ckplus: 42, ckplus8: 64, mmi: 30, oulu: 56 } },
];

/** Table 5: accuracy in per cent without and with pretraining on Multi-PIE. */
export const paperPretraining: readonly {
  readonly name: string;
  readonly method: MethodName;
  readonly accuracy: Partial<Record<ProtocolName, readonly [without: number, pretrained: number]>>;
}[] = [
  {
    name: '2B(N+M) softmax [6]',
    method: 'nm-tuplet',
    accuracy: { ckplus: [97.03, 97.1], mmi: [78.46, 78.53] },
  },
  {
    name: 'IDFERM (the paper)',
    method: 'radial',
    accuracy: { ckplus: [98.32, 98.35], mmi: [81.11, 81.13] },
  },
];

/** Table 1: identity errors in per cent by the weight of the identity loss. */
export const paperIdentityErrors: readonly (readonly [weight: number, percent: number])[] = [
  [0, 2.13],
  [0.001, 1.77],
  [0.005, 1.06],
  [0.01, 0.32],
  [0.015, 0.13],
  [0.02, 0.11],
  [0.025, 0.1],
  [0.03, 0.1],
  [0.035, 0.1],
  [0.04, 0.1],
  [0.05, 0.1],
];

/** The weights that Fig. 5, 9 and 10 set side by side: as the paper's generator has it, and without the loss. */
export const paperIdentityWeights = { with: 0.03, without: 0 } as const;

/** Queries of a batch in the paper's count of comparisons, and the N and M of its (N+M)-tuplets. */
export const paperBatch = { K: 12, N: 5, M: 5 } as const;
