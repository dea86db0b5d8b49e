/** The process runs. */
export class LiveDto {
  status!: 'ok';
}

/** Whether the process can take requests. */
export class ReadyDto {
  status!: 'ok' | 'degraded' | 'stopping';

  /** ok, or what is wrong, of each part */
  parts!: Record<string, string>;
}
