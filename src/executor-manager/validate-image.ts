import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { ImageReferenceError, parseImageReference } from '../common/image-reference.js';
import type { ValidationReport } from '../common/contracts/image-validation.js';
import { type AppConfig, loadConfig } from '../config/app-config.js';
import { LABELS } from './runtime/runtime-labels.js';
import { DockerClient } from './runtime/docker/docker-client.js';
import { DockerEngine } from './runtime/docker/docker-engine.js';
import { DockerRuntime } from './runtime/docker/docker-runtime.js';
import { DockerVolumes } from './runtime/docker/docker-volumes.js';
import { ImageSource } from './runtime/docker/image-source.js';
import { RegistryLogins } from './runtime/docker/registry-logins.js';
import { RegistryPolicy } from './runtime/registry-policy.js';
import { EngineTrouble } from './runtime/runtime-errors.js';
import { checksFor, IMAGE_CHECKS } from './validation/image-checks.js';
import { ImageValidator, type OnProgress, type Validation } from './validation/image-validator.js';

/** Exit statuses. */
const [VALID, INVALID, USAGE, TROUBLE] = [0, 1, 2, 3];
const USAGE_TEXT = `npm run validate-image -- IMAGE --shell ${Object.keys(IMAGE_CHECKS).join('|')} [--pull always]`;
/** Long enough for a large image over a slow line; Ctrl-C ends it before. */
const LIMIT_MS = 3_600_000;

type Environment = Record<string, string | undefined>;

interface Output {
  write(text: string): void;
}

/**
 * Validates an image from the command line, with the very checks of the executor manager.
 * @param environment as for the executor manager
 * @returns the exit status: 0 valid, 1 not valid, 2 wrong arguments, 3 nothing could be found out
 */
export async function validateImage(
  args: readonly string[],
  environment: Environment,
  output: Output,
): Promise<number> {
  const wanted = read(args, environment);
  if (typeof wanted === 'string') {
    output.write(`${wanted}\n${USAGE_TEXT}\n`);

    return USAGE;
  }
  const { config, validation } = wanted;
  const docker = new DockerClient(config);
  const engine = new DockerEngine(docker);
  const images = new ImageSource(config, engine, new RegistryLogins(config), new RegistryPolicy(config));
  const runtime = new DockerRuntime(docker, engine, images, new DockerVolumes(docker));
  const validator = new ImageValidator(config, engine, runtime);
  const interrupted = new AbortController();
  const onSignal = () => interrupted.abort(new EngineTrouble('interrupted', 'Interrupted'));
  process.once('SIGINT', onSignal);
  try {
    const report = await validator.validate(validation, progressPrinter(output), interrupted.signal);
    output.write(verdict(report));

    return report.valid ? VALID : INVALID;
  } catch (error) {
    if (!(error instanceof EngineTrouble)) throw error;
    output.write(`No verdict (${error.code}): ${error.message}\n`);

    return TROUBLE;
  } finally {
    process.off('SIGINT', onSignal);
  }
}

/** What the arguments ask for, or what is wrong with them. */
function read(
  args: readonly string[],
  environment: Environment,
): { validation: Validation; config: AppConfig } | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { shell: { type: 'string' }, pull: { type: 'string' } },
      allowPositionals: true,
    });
    const checks = checksFor(values.shell ?? '');
    if (positionals.length !== 1 || !checks) return 'One image and a shell are needed';
    const expires = String(Date.now() + LIMIT_MS);
    const labels = { [LABELS.manager]: 'validate-image', [LABELS.expires]: expires };

    const reference = parseImageReference(positionals[0] ?? '');
    const policy = values.pull === undefined ? {} : { IMAGE_PULL_POLICY: values.pull };

    return { validation: { reference, checks, labels }, config: loadConfig({ ...environment, ...policy }) };
  } catch (error) {
    if (error instanceof ImageReferenceError) return `The image ${error.message}`;

    return (error as Error).message;
  }
}

function progressPrinter(output: Output): OnProgress {
  let last = '';

  return ({ status, progress }) => {
    const line = `${String(progress ?? 0).padStart(3)} %  ${status}\n`;
    if (line !== last) output.write(line);
    last = line;
  };
}

function verdict({ valid, checks = [], errors = [], digest, logTail }: ValidationReport): string {
  const lines = checks.flatMap(({ name, status, message, hint }) => [
    `${status.toUpperCase()}  ${name}: ${message}`,
    ...(hint === undefined ? [] : [`      ${hint}`]),
  ]);
  const others = errors.filter((error) => !checks.some(({ name }) => error.startsWith(`${name}: `)));
  const log = valid || !logTail ? [] : ['', 'Log:', logTail];

  return [...lines, ...others, ...(digest ? [`Digest ${digest}`] : []), valid ? 'Valid' : 'Not valid', ...log, ''].join(
    '\n',
  );
}
