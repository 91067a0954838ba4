import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { loadConfig } from '@deadpan/shared';
import { kafkaConfig, TOPICS, topicSettings } from '@deadpan/shared/kafka';
import { feedConfig } from '@deadpan/feed';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';

import { referenceMetrics } from '../contract/metric-reference.js';

/*
 * Everything that a platform team applies: every overlay builds, every object follows its schema, and what two places
 * say (topics, images, ports) is the same. It fetches kustomize (where there is no kubectl) and the schemas once.
 */

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const at = (...path: string[]): string => join(root, ...path);
const cache = at('.cache/deployment');
const OVERLAYS = ['dev', 'production', 'gpu'] as const;

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Record<string, unknown>;
}
interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: string[];
  readonly env?: { name: string; value?: string; valueFrom?: unknown }[];
  readonly securityContext: {
    allowPrivilegeEscalation: boolean;
    readOnlyRootFilesystem: boolean;
    capabilities: { drop: string[] };
  };
  readonly resources: { requests: Record<string, string>; limits: Record<string, string> };
  readonly [probe: string]: unknown;
}
interface PodSpec {
  readonly securityContext: { runAsNonRoot: boolean; seccompProfile: { type: string } };
  readonly containers: Container[];
}

const podOf = ({ spec }: Resource): PodSpec => (spec['template'] as { spec: PodSpec }).spec;
const onPath = (program: string, ...args: string[]): boolean => spawnSync(program, args).status === 0;

async function kustomize(folder: string): Promise<string> {
  if (onPath('kubectl', 'version', '--client')) {
    return (await run('kubectl', ['kustomize', folder], { maxBuffer: 1 << 24 })).stdout;
  }
  const program = join(cache, 'bin/kustomize');
  if (!existsSync(program)) {
    const module = 'sigs.k8s.io/kustomize/kustomize/v5@v5.7.1';
    await run('go', ['install', module], { env: { ...process.env, GOBIN: join(cache, 'bin') } });
  }
  return (await run(program, ['build', folder], { maxBuffer: 1 << 24 })).stdout;
}

const VALIDATE = `
import json, sys, kubernetes_validate
for resource in json.load(sys.stdin):
    where = resource['kind'] + ' ' + resource['metadata']['name']
    try:
        kubernetes_validate.validate(resource, '1.33', strict=True)
    except Exception as error:
        sys.exit(where + ': ' + (str(error) or error.message))
    print(where)
`;

/** Checks objects by the schemas of Kubernetes 1.33 that PyPI's kubernetes-validate ships; returns their names. */
async function validated(resources: readonly Resource[]): Promise<string[]> {
  const packages = join(cache, 'python');
  if (!existsSync(packages)) {
    mkdirSync(cache, { recursive: true });
    const pip = ['-m', 'pip', 'install', '--quiet', '--root-user-action=ignore', '--target', packages];
    await run('python3', [...pip, 'kubernetes-validate>=1.33']);
  }
  const { status, stdout, stderr } = spawnSync('python3', ['-c', VALIDATE], {
    input: JSON.stringify(resources),
    encoding: 'utf8',
    env: { ...process.env, PYTHONPATH: packages },
  });
  assert.equal(status, 0, stderr);
  return stdout.trim().split('\n');
}

describe('k8s', { concurrency: false }, () => {
  const built = new Map<string, { text: string; resources: Resource[] }>();
  before(async () => {
    for (const overlay of OVERLAYS) {
      const text = await kustomize(at('k8s/overlays', overlay));
      const resources = parseAllDocuments(text).map((document) => document.toJS() as Resource);
      built.set(overlay, { text, resources });
    }
  });
  const of = (overlay: string): Resource[] => built.get(overlay)?.resources ?? [];
  const every = (kind: string): Resource[] =>
    OVERLAYS.flatMap((overlay) => of(overlay).filter((resource) => resource.kind === kind));

  for (const overlay of OVERLAYS) {
    test(`${overlay} follows the schemas of Kubernetes`, async () => {
      const core = of(overlay).filter(({ apiVersion }) => !/strimzi|keda/.test(apiVersion));
      assert.ok(core.length >= 17);
      assert.equal((await validated(core)).length, core.length);
      const [wrong] = core.filter(({ kind }) => kind === 'Deployment');
      assert.ok(wrong);
      await assert.rejects(validated([{ ...wrong, spec: { ...wrong.spec, replicaz: 2 } }]), /replicaz/);
    });
  }

  test('every pod runs without root, without rights, with limits and probes', () => {
    const pods = [...every('Deployment'), ...every('Job')];
    assert.equal(every('Deployment').length, 5 * OVERLAYS.length);
    for (const resource of pods) {
      const { securityContext, containers } = podOf(resource);
      assert.equal(securityContext.runAsNonRoot, true);
      assert.equal(securityContext.seccompProfile.type, 'RuntimeDefault');
      for (const container of containers) {
        assert.equal(container.securityContext.allowPrivilegeEscalation, false);
        assert.equal(container.securityContext.readOnlyRootFilesystem, true);
        assert.deepEqual(container.securityContext.capabilities.drop, ['ALL']);
        assert.ok(container.resources.limits['memory'] && container.resources.requests['cpu']);
        if (resource.kind === 'Deployment')
          for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'])
            assert.ok(container[probe], probe);
      }
      const budget = every('PodDisruptionBudget').some(
        ({ metadata }) => metadata.name === resource.metadata.name,
      );
      assert.ok(resource.kind === 'Job' || budget);
    }
  });

  test('a part of the batch job that could not read a video is not tried again; one that was sent away is', () => {
    const jobs = every('Job').filter(({ metadata }) => metadata.name === 'analyze');
    assert.ok(jobs.length > 0);
    for (const job of jobs) {
      const [container] = podOf(job).containers;
      assert.deepEqual(job.spec['podFailurePolicy'], {
        rules: [
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          {
            action: 'FailIndex',
            onExitCodes: { containerName: container?.name, operator: 'In', values: [1] },
          },
        ],
      });
      // Kubernetes allows these rules under these conditions alone.
      assert.equal((job.spec['template'] as { spec: { restartPolicy: string } }).spec.restartPolicy, 'Never');
      assert.equal(job.spec['completionMode'], 'Indexed');
      assert.ok(Number(job.spec['backoffLimitPerIndex']) > 0);
    }
  });

  test("a feed's memory holds the history of a hundred people at a time", () => {
    const { feed } = parse(readFileSync(at('k8s/base/config/feed.yaml'), 'utf8')) as {
      feed: z.input<typeof feedConfig>;
    };
    const { retention } = feedConfig.parse({ ...feed, tokens: [] }).history;
    // Measured: up to 400 bytes a window, of which there are two a second.
    const bytes = retention * 3600 * 2 * 100 * 400;
    const feeds = every('Deployment').filter(({ metadata }) => metadata.name === 'feed');
    assert.ok(feeds.length > 0);
    for (const deployment of feeds) {
      const limit = podOf(deployment).containers[0]?.resources.limits['memory'] ?? '';
      assert.match(limit, /^\d+Gi$/);
      assert.ok(bytes < 0.6 * Number.parseInt(limit) * 2 ** 30, limit);
    }
  });

  test('secrets stand nowhere but by reference', () => {
    for (const { env = [] } of every('Deployment').flatMap((resource) => podOf(resource).containers)) {
      for (const { name, value, valueFrom } of env) {
        if (/PASSWORD|TOKEN/.test(name)) assert.ok(value === undefined && valueFrom !== undefined, name);
      }
    }
    for (const { text } of built.values()) assert.doesNotMatch(text, /kind: Secret\b/);
  });

  test("Strimzi's topics are those of `deadpan topics`, and its users have no more than they need", () => {
    for (const overlay of OVERLAYS) {
      const replication = overlay === 'dev' ? 1 : 3;
      const topics = of(overlay).filter(({ kind }) => kind === 'KafkaTopic');
      const found = topics.map(({ metadata, spec }) => [
        metadata.name,
        spec['partitions'],
        spec['replicas'],
        Object.fromEntries(
          Object.entries(spec['config'] as object).map(([name, value]) => [name, String(value)]),
        ),
      ]);
      const wanted = Object.values(TOPICS).map((topic) => [
        topic.name,
        12,
        replication,
        topicSettings(topic, replication),
      ]);
      assert.deepEqual(found.sort(), wanted.sort());
      for (const user of of(overlay).filter(({ kind }) => kind === 'KafkaUser')) {
        const { authentication, authorization } = z
          .strictObject({
            authentication: z.strictObject({ type: z.enum(['scram-sha-512', 'tls', 'tls-external']) }),
            authorization: z.strictObject({
              type: z.literal('simple'),
              acls: z.array(
                z.strictObject({
                  resource: z.strictObject({
                    type: z.enum(['topic', 'group', 'cluster', 'transactionalId']),
                    name: z.string().optional(),
                    patternType: z.enum(['literal', 'prefix']).optional(),
                  }),
                  operations: z.array(z.enum(['Describe', 'Read', 'Write', 'IdempotentWrite'])),
                }),
              ),
            }),
          })
          .parse(user.spec);
        assert.equal(authentication.type, 'scram-sha-512');
        const publicNames = Object.values(TOPICS)
          .filter((topic) => topic.public)
          .map(({ name }) => name);
        if (user.metadata.name !== 'deadpan-reader') continue;
        const readable = authorization.acls.filter(({ resource }) => resource.type === 'topic');
        assert.deepEqual(readable.map(({ resource }) => resource.name).sort(), publicNames.sort());
        assert.ok(authorization.acls.every(({ operations }) => !operations.includes('Write')));
      }
    }
  });

  test("KEDA's objects have the fields of its documentation and watch topics and groups that exist", () => {
    const scaled = z.strictObject({
      scaleTargetRef: z.strictObject({ name: z.string() }),
      minReplicaCount: z.int().min(0),
      maxReplicaCount: z.int().max(12),
      pollingInterval: z.int(),
      cooldownPeriod: z.int(),
      triggers: z.array(
        z.strictObject({
          type: z.literal('kafka'),
          metadata: z.strictObject({
            // KEDA's own namespace is another: the address must name that of Kafka.
            bootstrapServers: z.string().regex(/^[\w-]+\.[\w-]+\.svc:\d+$/),
            consumerGroup: z.enum(['deadpan.align', 'deadpan.normalize', 'deadpan.classify']),
            topic: z.enum(Object.values(TOPICS).map(({ name }) => name)),
            lagThreshold: z.string().regex(/^\d+$/),
            activationLagThreshold: z.string().regex(/^\d+$/),
            tls: z.literal('enable'),
            sasl: z.literal('scram_sha512'),
          }),
          authenticationRef: z.strictObject({ name: z.string() }),
        }),
      ),
    });
    const reference = z.strictObject({ parameter: z.string(), name: z.string(), key: z.string() });
    const authentication = z.strictObject({
      configMapTargetRef: z.array(reference),
      secretTargetRef: z.array(reference),
    });
    for (const overlay of ['production', 'gpu']) {
      const objects = of(overlay).filter(({ kind }) => kind === 'ScaledObject');
      assert.equal(objects.length, 3);
      const deployments = of(overlay)
        .filter(({ kind }) => kind === 'Deployment')
        .map(({ metadata }) => metadata.name);
      for (const { spec } of objects) assert.ok(deployments.includes(scaled.parse(spec).scaleTargetRef.name));
      const [access] = of(overlay).filter(({ kind }) => kind === 'TriggerAuthentication');
      const { secretTargetRef, configMapTargetRef } = authentication.parse(access?.spec);
      assert.deepEqual([...secretTargetRef, ...configMapTargetRef].map(({ parameter }) => parameter).sort(), [
        'ca',
        'password',
        'username',
      ]);
    }
  });

  test('network policies bind our pods alone, and all of them', () => {
    const selector = z.looseObject({ 'app.kubernetes.io/part-of': z.literal('deadpan') });
    const policies = every('NetworkPolicy');
    assert.ok(policies.length > 0);
    for (const { spec, metadata } of policies) {
      const { matchLabels = {}, matchExpressions = [] } = spec['podSelector'] as {
        matchLabels?: Record<string, string>;
        matchExpressions?: unknown[];
      };
      // An empty selector would bind Kafka, which lies in the same namespace.
      assert.ok(Object.keys(matchLabels).length + matchExpressions.length > 0, metadata.name);
      if (metadata.name === 'deny-all') selector.parse(matchLabels);
    }
    for (const resource of [...every('Deployment'), ...every('Job')]) {
      const { metadata } = resource.spec['template'] as { metadata: { labels: Record<string, string> } };
      selector.parse(metadata.labels);
    }
  });

  test('gpu asks for a device and the images with CUDA, on the stages with networks alone', () => {
    for (const resource of of('gpu').filter(({ kind }) => kind === 'Deployment')) {
      const [container] = podOf(resource).containers;
      const gpu = ['align', 'normalize', 'classify'].includes(resource.metadata.name);
      assert.equal(container?.image.split(':')[0], `deadpan-${resource.metadata.name}${gpu ? '-gpu' : ''}`);
      assert.equal(container.resources.limits['nvidia.com/gpu'] !== undefined, gpu);
    }
  });
});

test('the configurations that are deployed are valid', () => {
  const schema = z.strictObject({ kafka: kafkaConfig.prefault({}), feed: feedConfig.prefault({}) });
  const environment = {
    KAFKA_PASSWORD: 'secret',
    VIEWER_TOKEN: 'v'.repeat(20),
    OPERATOR_TOKEN: 'o'.repeat(20),
    FEED_TOKEN: 'f'.repeat(20),
  };
  const folder = mkdtempSync(join(tmpdir(), 'deadpan-deployed-'));
  writeFileSync(join(folder, 'ca.crt'), 'PEM');
  for (const file of [
    'k8s/base/config/deadpan.yaml',
    'k8s/base/config/feed.yaml',
    'infra/compose/deadpan.yaml',
  ]) {
    const text = readFileSync(at(file), 'utf8')
      .replace('/etc/kafka/ca.crt', join(folder, 'ca.crt'))
      .replace(/\$\{([A-Z_]+)\}/g, (_, name: keyof typeof environment) => environment[name]);
    const copy = join(folder, 'deadpan.yaml');
    writeFileSync(copy, text);
    const { kafka } = loadConfig(schema, { file: copy });
    assert.ok(kafka.brokers.length > 0, file);
  }
});

interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly target: string; readonly dockerfile: string; readonly context: string };
  readonly command?: string[];
  readonly ports?: string[];
  readonly depends_on?: Record<string, unknown>;
  readonly volumes?: string[];
  readonly secrets?: string[];
  readonly environment?: Record<string, unknown>;
  readonly read_only?: boolean;
  readonly cap_drop?: string[];
}

test('compose and Kubernetes use images that the Dockerfile makes, none of which runs as root', () => {
  const dockerfile = readFileSync(at('infra/docker/Dockerfile'), 'utf8');
  const stages = new Map(
    [...dockerfile.matchAll(/^FROM (\S+) AS (\S+)$/gm)].map(([, from = '', name = '']) => [name, from]),
  );
  const bodyOf = (stage: string): string =>
    dockerfile.split(new RegExp(`^FROM \\S+ AS ${stage}$`, 'm'))[1]?.split(/^FROM /m)[0] ?? '';
  const lastUser = (stage: string): string | undefined =>
    [...bodyOf(stage).matchAll(/^USER (\S+)$/gm)].at(-1)?.[1] ??
    (stages.has(stage) ? lastUser(stages.get(stage) ?? '') : undefined);
  const targets = ['cli', 'ingest', 'align', 'normalize', 'classify', 'feed'];
  for (const target of targets) assert.equal(lastUser(target), '10001:10001', target);

  const compose = parse(readFileSync(at('infra/compose/compose.yaml'), 'utf8'), { merge: true }) as {
    services: Record<string, ComposeService>;
    volumes: Record<string, unknown>;
    secrets?: Record<string, unknown>;
  };
  for (const [name, service] of Object.entries(compose.services)) {
    assert.ok((service.image === undefined) !== (service.build === undefined), name);
    for (const port of service.ports ?? [])
      assert.match(port, /^127\.0\.0\.1:/, `${name} listens beyond this machine`);
    for (const other of Object.keys(service.depends_on ?? {})) assert.ok(other in compose.services);
    for (const volume of service.volumes ?? []) {
      const [source = ''] = volume.split(':');
      assert.ok(
        source.startsWith('.') ? existsSync(at('infra/compose', source)) : source in compose.volumes,
        volume,
      );
    }
    for (const secret of service.secrets ?? []) assert.ok(secret in (compose.secrets ?? {}), secret);
    if (service.build === undefined) continue;
    assert.ok(targets.includes(service.build.target), name);
    assert.ok(existsSync(at('infra/compose', service.build.context, service.build.dockerfile)));
    assert.deepEqual([service.read_only, service.cap_drop], [true, ['ALL']]);
  }
  // The image keeps its log in /tmp as soon as it has any setting of ours: the volume would stay empty.
  const { environment = {}, volumes = [] } = compose.services['kafka'] ?? {};
  assert.deepEqual(volumes, [`kafka:${String(environment['KAFKA_LOG_DIRS'])}`]);
  // The feed tells its metrics to nobody without a token.
  const { scrape_configs: scraped } = parse(readFileSync(at('infra/prometheus/prometheus.yaml'), 'utf8')) as {
    scrape_configs: {
      authorization?: { credentials_file: string };
      static_configs: { targets: string[] }[];
    }[];
  };
  const feed = scraped.find(({ static_configs: [first] }) => first?.targets.includes('feed:8080'));
  const [, secret = ''] = /^\/run\/secrets\/(.+)$/.exec(feed?.authorization?.credentials_file ?? '') ?? [];
  assert.ok(compose.services['prometheus']?.secrets?.includes(secret), secret);
  for (const name of ['ingest', 'align', 'normalize', 'classify', 'feed']) {
    const base = parseAllDocuments(readFileSync(at(`k8s/base/${name}.yaml`), 'utf8'))[0]?.toJS() as Resource;
    const [container] = podOf(base).containers;
    assert.equal(container?.image, `deadpan-${name}:latest`);
    // The same command line in both places.
    const command = compose.services[name]?.command ?? [];
    assert.deepEqual(command.slice(0, 3), container.args.slice(0, 3));
    assert.equal(command.at(-1), container.args.at(-1));
  }
});

test('the images are built from what their context has, and decode only where the network lets them reach cameras', () => {
  const dockerfile = readFileSync(at('infra/docker/Dockerfile'), 'utf8');
  const ignored = readFileSync(at('infra/docker/Dockerfile.dockerignore'), 'utf8').trim().split('\n');
  const inContext = (path: string): boolean =>
    existsSync(at(path)) && !ignored.includes(path.split('/')[0] ?? '');
  const copied = [...dockerfile.matchAll(/^COPY --from=build \/deadpan\/(\S+) /gm)].map(
    ([, path = '']) => path,
  );
  assert.ok(copied.length > 0);
  for (const path of copied) assert.ok(path === 'node_modules' || inContext(path), path);
  // All that the build compiles is in the context, and what the images run is among what is copied.
  const compiled = new Set<string>();
  const compile = (project: string): void => {
    if (compiled.has(project)) return;
    compiled.add(project);
    assert.ok(inContext(project), project);
    const { references = [] } = parse(readFileSync(at(project, 'tsconfig.json'), 'utf8')) as {
      references?: { path: string }[];
    };
    for (const { path } of references) compile(join(project, path));
  };
  compile(/tsc -b (\S+)/.exec(dockerfile)?.[1] ?? '');
  assert.ok(compiled.size > 10);
  for (const project of compiled)
    assert.ok(
      copied.some((path) => project === path || project.startsWith(`${path}/`)),
      project,
    );
  const [, program = ''] = /ln -s \/deadpan\/(\S+) /.exec(dockerfile) ?? [];
  assert.ok(inContext(program) && (statSync(at(program)).mode & 0o111) === 0o111);

  const decode = [...dockerfile.matchAll(/^FROM with-ffmpeg AS (\S+)$/gm)].map(([, name = '']) => name);
  const policies = parseAllDocuments(readFileSync(at('k8s/base/network.yaml'), 'utf8'));
  const cameras = policies
    .map((document) => document.toJS() as Resource)
    .find(({ metadata }) => metadata.name === 'cameras');
  const { matchExpressions } = cameras?.spec['podSelector'] as { matchExpressions: { values: string[] }[] };
  assert.deepEqual(['cli', ...(matchExpressions[0]?.values ?? [])].sort(), decode.sort());
});

test('training is in the image of the command line alone, and no service loads it', async () => {
  const dockerfile = readFileSync(at('infra/docker/Dockerfile'), 'utf8');
  const stages = dockerfile.split(/^(?=FROM )/m).filter((stage) => stage.includes('/libs/training'));
  assert.deepEqual(
    stages.map((stage) => /^FROM \S+ AS (\S+)/.exec(stage)?.[1]),
    ['cli'],
  );
  assert.doesNotMatch(dockerfile, /^FROM cli /m);
  assert.doesNotMatch(dockerfile, /^COPY --from=build \/deadpan\/libs /m);

  const asModule = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`;
  const hook = asModule(`export const resolve = (name, context, next) => {
    if (name.startsWith('@deadpan/training')) throw new Error(name + ' is not in this image');
    return next(name, context);
  };`);
  const withoutTraining = asModule(
    `import { register } from 'node:module'; register(${JSON.stringify(hook)});`,
  );
  const load = (...modules: string[]): Promise<unknown> => {
    const imports = modules.map((name) => `import ${JSON.stringify(at('apps/cli/dist', name))};`).join('');
    return run(process.execPath, ['--import', withoutTraining, '--input-type=module', '-e', imports]);
  };
  await load('main.js', 'commands/service.js', 'services/run-service.js', 'commands/topics.js');
  await assert.rejects(load('commands/evaluate.js'), /training.* is not in this image/);
});

/** Names that a query may use: all metrics of the reference, with those that a histogram adds. */
function queryableMetrics(): Set<string> {
  return new Set([
    'up',
    ...referenceMetrics().flatMap(({ name, type }) =>
      type === 'histogram' ? ['bucket', 'sum', 'count'].map((suffix) => `${name}_${suffix}`) : [name],
    ),
  ]);
}

test('rules and dashboards use metrics that exist, with queries that Prometheus can read', async () => {
  const rules = parse(readFileSync(at('infra/prometheus/rules.yaml'), 'utf8')) as {
    groups: { rules: { record?: string; alert?: string; expr: string }[] }[];
  };
  const all = rules.groups.flatMap((group) => group.rules);
  const recorded = new Set(all.flatMap(({ record }) => (record === undefined ? [] : [record])));
  const dashboards = readdirSync(at('infra/grafana/dashboards')).map(
    (file) =>
      JSON.parse(readFileSync(at('infra/grafana/dashboards', file), 'utf8')) as {
        panels: { title: string; targets: { expr: string }[] }[];
      },
  );
  const queries = [
    ...all.map(({ expr }) => expr),
    ...dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))),
  ];
  const queryable = queryableMetrics();
  for (const query of queries) {
    for (const [name] of query.replaceAll(/"[^"]*"/g, '').matchAll(/\bdeadpan[a-z0-9_:]*/g)) {
      assert.ok(queryable.has(name) || recorded.has(name), `${name} does not exist`);
    }
  }
  if (!onPath('promtool', '--version')) return;
  await run('promtool', ['check', 'rules', at('infra/prometheus/rules.yaml')]);
  await run('promtool', ['test', 'rules', 'rules.test.yaml'], { cwd: at('infra/prometheus') });
  // promtool reads queries only as rules: the dashboards' become some.
  const folder = mkdtempSync(join(tmpdir(), 'deadpan-rules-'));
  const asRules = queries.map((expr, i) => ({ record: `query:number:${i}`, expr }));
  writeFileSync(
    join(folder, 'queries.yaml'),
    JSON.stringify({ groups: [{ name: 'queries', rules: asRules }] }),
  );
  await run('promtool', ['check', 'rules', join(folder, 'queries.yaml')]);
});
