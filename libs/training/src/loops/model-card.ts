import type { WeightFormat } from '@deadpan/nets';
import { CLASSES, type ExpressionClass } from '@deadpan/shared';
import { dataSetTerms, recognitionWeightsTerms } from '../datasets/data-set-terms.js';
import type { ClassificationReport } from '../metrics/classification.js';
import type { GroupAccuracy } from './group-report.js';
import type { GeneratorJudgement } from './generator-judgement.js';

/** A data set as an artifact lists it. */
export interface UsedDataSet {
  readonly name: string;
  readonly images: number;
  readonly terms: string;
}

/** What a card calls the set of a cache. */
export function titleOf(cache: string): string {
  return dataSetTerms[cache]?.title ?? cache;
}

/** Lists data sets with their terms. */
export function usedDataSets(
  caches: readonly { readonly name: string; readonly images: number }[],
): UsedDataSet[] {
  return caches.map(({ name, images }) => ({
    name: titleOf(name),
    images,
    terms: dataSetTerms[name]?.terms ?? 'not stated',
  }));
}

const MISUSE = `## What it must not be used for

- Inferring emotions of people at work or in education: forbidden in the European Union (Regulation 2024/1689, Article
  5(1)(f)) except for medical and safety reasons.
- Judging anybody: hiring, credit, insurance, policing, borders, detection of lies. A face shows a movement, not what a
  person feels, and the labels say what strangers thought they saw.
- Identifying people.
`;

/** What each format says of itself on a card. */
const WEIGHTS: Readonly<Record<WeightFormat, string>> = {
  int8: 'Weights and activations are 8-bit integers, but for the first and last convolutions and the dense layers, whose weights are 16-bit floats.',
  float16: 'Weights are 16-bit floats.',
  float32: 'Weights are 32-bit floats.',
};

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function dataSection(dataSets: readonly UsedDataSet[], start?: string): string {
  const rows = dataSets.map(({ name, images, terms }) => `| ${name} | ${images} | ${terms} |`);
  return [
    '## Data',
    '',
    '| Set | Pictures | Terms |',
    '| --- | ---: | --- |',
    ...rows,
    '',
    ...(start === undefined ? [] : [start, '']),
  ].join('\n');
}

/** What the card of an expression network reports. */
export interface FerCardFacts {
  readonly name: string;
  readonly version: string;
  readonly recipe: string;
  /** Recipes of the checkpoints whose mean the weights are, where they are one. */
  readonly meanOf?: readonly string[] | undefined;
  readonly dataSets: readonly UsedDataSet[];
  /** Name of the cache that chose the weights. */
  readonly validationSet: string;
  readonly validation: ClassificationReport & { readonly calibrationError: number };
  readonly temperature: number;
  readonly weights: WeightFormat;
  /** Accuracy before the weights were stored in fewer bits. */
  readonly accuracyFloat32: number;
  /** Accuracy on people who were held out, by the name of the set. */
  readonly heldOut: readonly { readonly name: string; readonly report: ClassificationReport }[];
  /** Accuracy on groups of people; empty where none was measured. */
  readonly groups: readonly GroupAccuracy[];
}

/** The card of an expression network, Markdown. */
export function ferCard(facts: FerCardFacts): string {
  const { validation } = facts;
  const rows = CLASSES.map((name, k) => {
    const row = validation.perClass[k];
    return `| ${name} | ${row?.count ?? 0} | ${percent(row?.recall ?? 0)} | ${percent(row?.precision ?? 0)} | ${(row?.f1 ?? 0).toFixed(2)} |`;
  });
  const heldOut = facts.heldOut.map(
    ({ name, report }) =>
      `- ${titleOf(name)}, people who were held out: ${percent(report.accuracy)} of ${report.n}.`,
  );
  return `# ${facts.name} ${facts.version}

Says which of eight expressions an aligned 60x60 gray face shows (${CLASSES.join(', ')}), and gives an embedding whose
distance to that of the face's own neutral reference is the intensity of the expression. ${trainedBy(facts)}

Input \`face\` [N, 1, 60, 60]: the middle of the aligned 64x64 face (eyes at y = 20, mouth at y = 44, axis at x = 32), its
histogram equalised, the plane of its brightness taken off, then mean 0 and variance 1 of each picture. Outputs:
\`probabilities\` [N, ${CLASSES.length}] in the order above, \`embedding\`.

## Measured

On the ${validation.n} pictures of ${titleOf(facts.validationSet)} whose votes have a majority among the classes, one centre
crop each with its mirror image, aligned as at run time: accuracy ${percent(validation.accuracy)}, mean over classes
${percent(validation.classMeanAccuracy)}, macro F1 ${percent(validation.macroF1)}, calibration error
${percent(validation.calibrationError)} at temperature ${facts.temperature.toFixed(3)}. This part chose the weights and
the temperature: the numbers are a little better than on pictures that chose nothing.

| Class | Pictures | Recall | Precision | F1 |
| --- | ---: | ---: | ---: | ---: |
${rows.join('\n')}

${heldOut.join('\n')}
${groupSection(facts.groups)}
${WEIGHTS[facts.weights]}${
    facts.weights === 'float32'
      ? ''
      : ` The numbers above are of this model; with 32-bit floats its accuracy is ${(100 * facts.accuracyFloat32).toFixed(2)} %,
with these weights ${(100 * validation.accuracy).toFixed(2)} %.`
  }

Weak: ${weakest(facts)}. ${aboutPeople(facts.dataSets)}

${dataSection(facts.dataSets, /^fer-residual/.test(facts.name) ? recognitionWeightsTerms : undefined)}
${MISUSE}`;
}

function trainedBy({ recipe, meanOf }: FerCardFacts): string {
  if (meanOf === undefined) return `Recipe: \`${recipe}\`.`;
  const names = [...new Set(meanOf)].map((name) => `\`${name}\``).join(', ');
  return `Recipe of the last stage: \`${recipe}\`;
the weights are the mean of ${meanOf.length} checkpoints, of ${names}.`;
}

const FEW = `So few pictures show great differences only: of ten, one
more or less is ten points.`;

function named({ column, value }: { readonly column: string; readonly value: string }): string {
  return `${column}: ${value === '' ? 'not stated' : value}`;
}

function partSection(parts: GeneratorJudgement['parts']): string {
  if (parts.length === 0) return '';
  const rows = parts.map(
    (part) =>
      `| ${named(part)} | ${part.faces} | ${percent(part.neutralBefore)} | ${percent(part.neutral)} | ${percent(part.samePerson)} |`,
  );
  return `
By expression, and by group of the sets that state it, said by the same networks. ${FEW}

| Faces | Number | Called neutral | Its reference | The same person |
| --- | ---: | ---: | ---: | ---: |
${rows.join('\n')}
`;
}

function groupSection(groups: readonly GroupAccuracy[]): string {
  if (groups.length === 0) return '';
  const rows = groups.map((group) => `| ${named(group)} | ${group.n} | ${percent(group.accuracy)} |`);
  return `
By group, of the sets that state it, people who were held out. ${FEW}

| Group | Pictures | Accuracy |
| --- | ---: | ---: |
${rows.join('\n')}
`;
}

/** What is known of the people in the sets of the recipes, and nothing of those in others. */
function aboutPeople(dataSets: readonly UsedDataSet[]): string {
  const known = new Set(Object.values(dataSetTerms).map(({ title }) => title));
  return dataSets.every(({ name }) => known.has(name))
    ? `The data has few pictures of these, and its taggers often disagree about them. Most people in
the data are adults of European descent photographed for the press; expect more errors for others, for children, for
covered faces and for heads turned far.`
    : `Who the people in the data are is not stated; expect more errors for those of whom it
has few, for children, for covered faces and for heads turned far.`;
}

function weakest({ validation }: FerCardFacts): string {
  const order = CLASSES.map((name, k): [ExpressionClass, number] => [
    name,
    validation.perClass[k]?.recall ?? 0,
  ]).sort(([, a], [, b]) => a - b);
  return order
    .slice(0, 3)
    .map(([name, recall]) => `${name} (recall ${percent(recall)})`)
    .join(', ');
}

/** What the card of a reference generator reports. */
export interface HngCardFacts {
  readonly name: string;
  readonly version: string;
  readonly recipe: string;
  readonly dataSets: readonly UsedDataSet[];
  readonly weights: WeightFormat;
  /** How near 99 of 100 references are to those of 32-bit floats, in dB. */
  readonly leastPsnr: number;
  /** Sentences about what was measured on people who were held out. */
  readonly measured: readonly string[];
  /** The same by expression and by group of people; empty where it was not measured. */
  readonly parts: GeneratorJudgement['parts'];
}

/** The card of a reference generator, Markdown. */
export function hngCard(facts: HngCardFacts): string {
  return `# ${facts.name} ${facts.version}

Makes the neutral reference of an aligned 64x64 gray face: the same person, light and pose without the expression.
Recipe: \`${facts.recipe}\`. The reference is a guess for comparison, not a picture of anybody's true face.

Input \`face\` [N, 1, 64, 64]: the aligned face (eyes at y = 20, mouth at y = 44, axis at x = 32), grey levels divided by
255 and not normalised. Output: \`reference\`, the same.

## Measured

On people who were held out:

${facts.measured.map((sentence) => `- ${sentence}`).join('\n')}
${partSection(facts.parts)}
${WEIGHTS[facts.weights]}${
    facts.weights === 'float32'
      ? ''
      : ` Of 100 references 99 are within
${facts.leastPsnr.toFixed(1)} dB (PSNR) of those that 32-bit floats give.`
  }

Weak: heads turned far, wide open mouths, hands and glasses over the changed parts, and faces that are blurred already.

${dataSection(facts.dataSets)}
${MISUSE}`;
}
