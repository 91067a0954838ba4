import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ferArtifactSchema,
  hngArtifactSchema,
  sha256,
  shapeOf,
  type FerArtifact,
  type HngArtifact,
  type Network,
} from '@deadpan/nets';
import { CLASSES, DeadpanError } from '@deadpan/shared';
import type { StoredModel } from './store-weights.js';

/** What the person who exports knows and the weights do not say. */
export interface ExportFacts {
  readonly version: string;
  readonly recipe: string;
  readonly dataSets: FerArtifact['dataSets'];
  readonly metrics: Readonly<Record<string, number>>;
  /** The model card, Markdown. */
  readonly card: string;
}

/** What an expression network is exported with besides. */
export interface FerExportFacts extends ExportFacts {
  readonly meanOf?: readonly string[] | undefined;
  readonly temperature: number;
  readonly intensity: FerArtifact['intensity'];
}

/** Writes `model.onnx`, `artifact.json` and `card.md` of an expression network into `folder`. */
export async function exportFerModel(
  folder: string,
  network: Network,
  { model, format }: StoredModel,
  facts: FerExportFacts,
): Promise<FerArtifact> {
  const { card, metrics, dataSets, ...rest } = facts;
  const artifact = ferArtifactSchema.parse({
    kind: 'fer',
    name: network.name,
    ...rest,
    sha256: sha256(model),
    weights: format,
    dataSets,
    metrics,
    labels: CLASSES,
    inputSize: 60,
    normalisation: 'equalize-plane-standardize',
    embeddingSize: shapeOf(network, network.outputs['embedding'] ?? '')[2],
  });
  await writeModel(folder, model, artifact, card);
  return artifact;
}

/** Writes `model.onnx`, `artifact.json` and `card.md` of a reference generator into `folder`. */
export async function exportHngModel(
  folder: string,
  network: Network,
  { model, format }: StoredModel,
  facts: ExportFacts,
): Promise<HngArtifact> {
  const { card, metrics, dataSets, ...rest } = facts;
  const artifact = hngArtifactSchema.parse({
    kind: 'hng',
    name: network.name,
    ...rest,
    sha256: sha256(model),
    weights: format,
    dataSets,
    metrics,
    inputSize: 64,
  });
  await writeModel(folder, model, artifact, card);
  return artifact;
}

async function writeModel(folder: string, model: Uint8Array, artifact: object, card: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.onnx'), model);
  await writeFile(join(folder, 'artifact.json'), `${JSON.stringify(artifact, null, 2)}\n`);
  await writeFile(join(folder, 'card.md'), card);
}

/** Most that the exported graph may give other numbers than the network that was trained. */
const MOST_DIFFERENCE = 1e-3;

/**
 * Compares what a float32 graph gives with what TensorFlow gave, number by number.
 * @throws DeadpanError E_TRAINING where they differ: the export would not be what was trained
 */
export function requireParity(
  name: string,
  graph: readonly ArrayLike<number>[],
  trained: readonly ArrayLike<number>[],
): void {
  let greatest = 0;
  trained.forEach((row, i) => {
    for (let k = 0; k < row.length; k++) {
      const difference = Math.abs((row[k] ?? NaN) - (graph[i]?.[k] ?? NaN));
      // Not a number stays.
      greatest = Math.max(greatest, difference);
    }
  });
  if (greatest <= MOST_DIFFERENCE) return;
  throw new DeadpanError(
    'E_TRAINING',
    `The graph of ${name} gives other numbers than the trained network: ${greatest} apart.`,
  );
}
