/** Where a data set comes from and on what terms; what a model card must say of it. */
export interface DataSetTerms {
  readonly title: string;
  readonly terms: string;
}

/** The sets that the recipes name, by the name of their cache. */
export const dataSetTerms: Readonly<Record<string, DataSetTerms>> = {
  'ferplus-train': {
    title: 'FER+ training part',
    terms:
      'labels: MIT (Microsoft FERPlus); photos: third parties’, from the ICML 2013 facial expression challenge; research use',
  },
  'ferplus-valid': {
    title: 'FER+ validation part',
    terms:
      'labels: MIT (Microsoft FERPlus); photos: third parties’, from the ICML 2013 facial expression challenge; research use; used to choose weights and temperature, not to train',
  },
  lfw: {
    title: 'Labeled Faces in the Wild, with expression labels',
    terms: 'photos: third parties’, collected by the University of Massachusetts, Amherst; research use',
  },
  transfer: {
    title: 'Neutral faces of the sets below that were given a smile of the London set (prepare-pairs)',
    terms: 'those of the sets below',
  },
  london: {
    title: 'Face Research Lab London Set and Canada Set',
    terms: 'CC BY 4.0, Lisa DeBruine and Benedict Jones, Face Research Lab',
  },
};

/** What the trunk starts from. */
export const recognitionWeightsTerms =
  'The trunk starts from the weights of dlib’s face recognition network (Davis King, public domain) as @vladmandic/face-api ships them (MIT); they were trained on about three million photos of faces from public sets, for research.';
