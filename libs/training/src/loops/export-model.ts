import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buildFerModel,
  buildHngModel,
  ferArtifactSchema,
  hngArtifactSchema,
  sha256,
  shapeOf,
  type FerArtifact,
  type HngArtifact,
  type Network,
  type Parameters,
} from '@deadpan/nets';
import { CLASSES } from '@deadpan/shared';

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
  readonly temperature: number;
  readonly intensity: FerArtifact['intensity'];
}

/** Writes `model.onnx`, `artifact.json` and `card.md` of an expression network into `folder`. */
export async function exportFerModel(
  folder: string,
  network: Network,
  parameters: Parameters,
  facts: FerExportFacts,
): Promise<FerArtifact> {
  const { card, metrics, dataSets, ...rest } = facts;
  const model = buildFerModel(network, parameters, facts.temperature);
  const artifact = ferArtifactSchema.parse({
    kind: 'fer',
    name: network.name,
    ...rest,
    sha256: sha256(model),
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
  parameters: Parameters,
  facts: ExportFacts,
): Promise<HngArtifact> {
  const { card, metrics, dataSets, ...rest } = facts;
  const model = buildHngModel(network, parameters);
  const artifact = hngArtifactSchema.parse({
    kind: 'hng',
    name: network.name,
    ...rest,
    sha256: sha256(model),
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
