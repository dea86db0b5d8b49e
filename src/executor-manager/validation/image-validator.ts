import { Injectable } from '@nestjs/common';
import { type ImageReference, parseImageReference } from '../../common/image-reference.js';
import { type ImageCheck, STAGE_PROGRESS, type ValidationReport } from '../../common/contracts/image-validation.js';
import { AppConfig } from '../../config/app-config.js';
import { type CheckContainer, CheckRuntime, type CommandResult } from '../runtime/check-runtime.js';
import { ContainerRuntime, type Labels, type RuntimeImage } from '../runtime/container-runtime.js';
import { engineWords, ImageProblem } from '../runtime/runtime-errors.js';
import { type CheckSpec, evaluateCheck } from './image-checks.js';
import { exitProblem, type Platforms, startProblem } from './program-problems.js';
import { lastPart } from '../../common/text/text-cut.js';

/** An image to validate. */
export interface Validation {
  reference: ImageReference;
  checks: readonly CheckSpec[];
  /** Of its container. */
  labels: Labels;
}

/** Called with how far a validation is. */
export type OnProgress = (step: Pick<ValidationReport, 'status' | 'progress' | 'checks' | 'digest'>) => void;

/** A container whose image is being checked. */
interface CheckRun {
  container: CheckContainer;
  platforms: Platforms;
  checks: readonly CheckSpec[];
  onProgress: OnProgress;
  signal: AbortSignal;
}

/** Logs that go into a report are cut to this many characters, from their end. */
const LOG_TAIL = 8_192;

/** Validates an image: pulls it, starts its shell and runs the checks in it. */
@Injectable()
export class ImageValidator {
  private readonly checkMs: number;

  constructor(
    config: AppConfig,
    private readonly engine: CheckRuntime,
    private readonly images: ContainerRuntime,
  ) {
    this.checkMs = config.manager.checkSeconds * 1000;
  }

  /**
   * @returns the last report, with the verdict
   * @throws EngineTrouble when there is no verdict, and the signal's reason when it is aborted
   */
  async validate(
    { reference, checks, labels }: Validation,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<ValidationReport> {
    let digest: string | undefined;
    try {
      const image = await this.obtain(reference, onProgress, signal);
      digest = digestOf(image.digests, reference);
      onProgress({
        status: 'starting_container',
        progress: STAGE_PROGRESS.starting_container[0],
        ...(digest && { digest }),
      });
      const platforms = { engine: await this.engine.platform(), image: image.platform };
      const container = await this.engine.createCheck(image, labels);
      try {
        const digests = await start(container, platforms, signal);
        digest ??= digestOf(digests, reference);

        return {
          ...(await this.inspect({ container, platforms, checks, onProgress, signal })),
          ...(digest && { digest }),
        };
      } finally {
        await container.remove();
      }
    } catch (error) {
      if (!(error instanceof ImageProblem)) throw error;
      const log = error.logTail ? { logTail: lastPart(error.logTail, LOG_TAIL) } : {};

      return { ...verdict([], [error.message]), ...log, ...(digest && { digest }) };
    }
  }

  private async obtain(reference: ImageReference, onProgress: OnProgress, signal: AbortSignal): Promise<RuntimeImage> {
    const [from, to] = STAGE_PROGRESS.pulling_image;
    onProgress({ status: 'pulling_image', progress: from });
    const reportShare = (share: number) =>
      onProgress({ status: 'pulling_image', progress: Math.floor(from + share * (to - from)) });

    return this.images.obtainImage({ reference, isTrusted: false }, reportShare, signal);
  }

  private async inspect(checkRun: CheckRun): Promise<ValidationReport> {
    const { checks, platforms, onProgress, signal } = checkRun;
    const [from, to] = STAGE_PROGRESS.running_checks;
    const results: ImageCheck[] = [];
    const log: string[] = [];
    for (const spec of checks) {
      const progress = Math.floor(from + (results.length / checks.length) * (to - from));
      onProgress({ status: 'running_checks', progress, checks: [...results] });
      const result = await this.run(spec, checkRun);
      results.push(evaluateCheck(spec, result, this.checkMs, platforms));
      log.push(`$ ${spec.command.join(' ')}\n${result.output.trimEnd()}`);
      signal.throwIfAborted();
    }
    onProgress({ status: 'running_checks', progress: to, checks: results });

    return { ...verdict(results, []), logTail: lastPart(log.join('\n'), LOG_TAIL) };
  }

  /** Runs one check. The container is restarted if the command does not end: only that stops all that it started. */
  private async run({ command }: CheckSpec, { container, platforms, signal }: CheckRun): Promise<CommandResult> {
    const result = await container.run(command, this.checkMs, signal).catch(async (error: unknown) => {
      signal.throwIfAborted();
      throw (await gone(container, platforms).catch(() => null)) ?? error;
    });
    if (result.ended !== 'exited') await container.restart(signal);
    else if (result.exitCode !== 0) {
      const problem = await gone(container, platforms);
      if (problem) throw problem;
    }

    return result;
  }
}

/** Starts a container. @returns names with digests that are known only now @throws ImageProblem */
async function start(container: CheckContainer, platforms: Platforms, signal: AbortSignal): Promise<string[]> {
  try {
    return await container.start(signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ImageProblem) throw error;
    throw startProblem(engineWords(error), platforms) ?? error;
  }
}

/** Returns why the container has stopped; null when it runs. */
async function gone(container: CheckContainer, platforms: Platforms): Promise<ImageProblem | null> {
  const state = await container.state();

  return state.isRunning ? null : exitProblem(state, platforms);
}

/** The last report; every failed check is an error as well. */
function verdict(checks: ImageCheck[], problems: string[]): ValidationReport {
  const failed = checks.filter(({ status }) => status === 'fail').map(({ name, message }) => `${name}: ${message}`);
  const errors = [...problems, ...failed];

  return { status: 'completed', stage: 'completed', progress: 100, valid: errors.length === 0, checks, errors };
}

/** The image's digest in the registry; undefined for an image that was never in one. */
function digestOf(digests: readonly string[], { registry, repository }: ImageReference): string | undefined {
  const wanted = `${registry}/${repository}@`;
  const names = digests.map((name) => canonical(name));

  return names.find((name) => name.startsWith(wanted))?.slice(wanted.length);
}

/** The canonical form of a name that the engine has shortened; other texts stay as they are. */
function canonical(name: string): string {
  try {
    return parseImageReference(name).canonical;
  } catch {
    return name;
  }
}
