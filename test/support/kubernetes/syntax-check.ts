/** Rules of the API server that no schema says: names, labels, and how the parts of an object fit together. */
import type { V1Container, V1ObjectMeta, V1PersistentVolumeClaim, V1Pod, V1PodSpec } from '@kubernetes/client-node';

export const QUANTITY = /^[+-]?(\d+|\d+\.\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;
const DNS_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;
const ENV_NAME = /^[A-Za-z_.-][\w.-]*$/;
const ENUMS: Record<string, readonly string[]> = {
  restartPolicy: ['Always', 'OnFailure', 'Never'],
  imagePullPolicy: ['Always', 'IfNotPresent', 'Never'],
  terminationMessagePolicy: ['File', 'FallbackToLogsOnError'],
};

type Problems = string[];
const when = (isWrong: boolean, problem: string): Problems => (isWrong ? [problem] : []);

/** Keys of labels and annotations: a name, behind a DNS name and a slash if need be. */
function isKey(key: string): boolean {
  const [name, prefix, ...rest] = key.split('/').reverse();

  return (
    LABEL_VALUE.test(name ?? '') && name !== '' && rest.length === 0 && (prefix === undefined || DNS_NAME.test(prefix))
  );
}

/** Problems of name, labels and annotations. */
export function metadataProblems({ name = '', labels = {}, annotations = {} }: V1ObjectMeta): Problems {
  return [
    ...when(!DNS_NAME.test(name), `metadata.name: "${name}" is no DNS name`),
    ...Object.entries(labels).flatMap(([key, value]) =>
      when(!isKey(key) || !LABEL_VALUE.test(value), `metadata.labels: ${key}=${value}`),
    ),
    ...Object.keys(annotations).flatMap((key) => when(!isKey(key), `metadata.annotations: ${key}`)),
  ];
}

/** Problems of a selector in a query. */
export function selectorProblems(selector: string): Problems {
  return selector.split(',').flatMap((part) => {
    const [key = '', value = '', ...rest] = part.split('=');

    return when(!isKey(key) || !LABEL_VALUE.test(value) || rest.length > 0, `labelSelector: ${part}`);
  });
}

export function podProblems({ spec }: V1Pod): Problems {
  return spec ? podSpecProblems(spec) : ['spec: is required'];
}

/** Problems of a pod, or of the template of one. */
export function podSpecProblems(spec: V1PodSpec): Problems {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const names = containers.map(({ name }) => name);
  const volumes = (spec.volumes ?? []).map(({ name }) => name);

  return [
    ...when(spec.containers.length === 0, 'spec.containers: is empty'),
    ...when(new Set(names).size < names.length, 'spec.containers: names are not unique'),
    ...when(new Set(volumes).size < volumes.length, 'spec.volumes: names are not unique'),
    ...[...names, ...volumes].flatMap((name) => when(!DNS_LABEL.test(name), `"${name}" is no DNS label`)),
    ...enumProblems(spec, 'restartPolicy'),
    ...(spec.volumes ?? []).flatMap(({ name, ...sources }) =>
      when(Object.keys(sources).length !== 1, `the volume ${name} needs one source`),
    ),
    ...containers.flatMap((container) => containerProblems(container, volumes)),
  ];
}

function containerProblems(container: V1Container, volumes: readonly string[]): Problems {
  const { name, image = '', env = [], volumeMounts = [], resources = {}, workingDir = '/' } = container;
  const paths = volumeMounts.map(({ mountPath }) => mountPath);

  return [
    ...when(image === '' || image !== image.trim(), `${name}: image is required`),
    ...enumProblems(container, 'imagePullPolicy'),
    ...enumProblems(container, 'terminationMessagePolicy'),
    ...env.flatMap(({ name: variable }) => when(!ENV_NAME.test(variable), `${name}: env ${variable}`)),
    ...volumeMounts.flatMap(({ name: volume }) => when(!volumes.includes(volume), `${name}: no volume ${volume}`)),
    ...when(new Set(paths).size < paths.length, `${name}: mount paths are not unique`),
    ...[...paths, workingDir].flatMap((path) => when(!path.startsWith('/'), `${name}: ${path} is not absolute`)),
    ...Object.entries(resources.requests ?? {}).flatMap(([resource, request]) =>
      when(amount(request) > amount(resources.limits?.[resource] ?? request), `${name}: ${resource} above its limit`),
    ),
  ];
}

export function claimProblems({ spec }: V1PersistentVolumeClaim): Problems {
  const modes = ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'];

  return [
    ...when(!spec?.accessModes?.length, 'spec.accessModes: is required'),
    ...when(!spec?.accessModes?.every((mode) => modes.includes(mode)), 'spec.accessModes: unknown mode'),
    ...when(spec?.resources?.requests?.['storage'] === undefined, 'spec.resources.requests.storage: is required'),
  ];
}

function enumProblems(object: object, field: string): Problems {
  const value = (object as Record<string, string | undefined>)[field];

  return when(value !== undefined && !ENUMS[field]?.includes(value), `${field}: ${value}`);
}

const FACTORS: Record<string, number> = { m: 1e-3, k: 1e3, M: 1e6, G: 1e9, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

function amount(quantity: string): number {
  const [, number, unit = ''] = /^([\d.]+)(\w*)$/.exec(quantity) ?? [];

  return Number(number) * (FACTORS[unit] ?? 1);
}
