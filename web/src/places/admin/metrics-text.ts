/** One sample of the Prometheus text format. */
export interface Sample {
  name: string;
  /** As written, without braces; empty when it has none. */
  labels: string;
  value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;

/** Reads the Prometheus text format; what is no sample is left out. */
export function readSamples(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];

    return name === undefined || Number.isNaN(Number(value)) ? [] : [{ name, labels, value: Number(value) }];
  });
}

/** The sum of all samples of that name; null without any. `label` keeps those that contain it. */
export function sumOf(samples: readonly Sample[], name: string, label = ''): number | null {
  const values = samples.filter((sample) => sample.name === name && sample.labels.includes(label));

  return values.length === 0 ? null : values.reduce((sum, { value }) => sum + value, 0);
}

/** The mean of a histogram, in its unit; null before its first observation. */
export function meanOf(samples: readonly Sample[], name: string): number | null {
  const count = sumOf(samples, `${name}_count`);
  const sum = sumOf(samples, `${name}_sum`);

  return count === null || sum === null || count === 0 ? null : sum / count;
}
